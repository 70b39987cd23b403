/* The fields of the owner's frames. Knows no state and makes no system call. */
#include "owner.h"

#include <string.h>

const unsigned char *take_bytes(struct fields *f, size_t count)
{
    const unsigned char *at = f->at;
    if (f->bad || count > f->left) {
        f->bad = true;
        return NULL;
    }
    f->at += count;
    f->left -= count;
    return at;
}

uint64_t take_number(struct fields *f, size_t bytes)
{
    const unsigned char *at = take_bytes(f, bytes);
    uint64_t value = 0;
    for (size_t i = bytes; at && i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

void take_text(struct fields *f, char *to, size_t size)
{
    size_t length = (size_t)take_number(f, 2);
    const unsigned char *at = length < size ? take_bytes(f, length) : NULL;
    *to = '\0';
    if (!at || memchr(at, '\0', length)) {
        f->bad = true;
        return;
    }
    memcpy(to, at, length);
    to[length] = '\0';
}

void take_name(struct fields *f, char *to)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    take_text(f, to, MAX_NAME + 1);
    /* It becomes a folder's name, a word on crun's command line and one in the options of a mount. */
    if (*to == '\0' || *to == '.' || *to == '-' || to[strspn(to, allowed)] != '\0')
        f->bad = true;
}

const unsigned char *take_rest(struct fields *f, size_t *count)
{
    *count = f->bad ? 0 : f->left;
    return take_bytes(f, *count);
}

bool all_taken(const struct fields *f)
{
    return !f->bad && f->left == 0;
}

size_t put_number(unsigned char *to, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> (8 * i));
    return bytes;
}
