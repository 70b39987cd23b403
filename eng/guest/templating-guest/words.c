/* From a word that nobody has looked at yet to a value, and back. Knows no state and makes no system call. */
#include "guest.h"

#include <stdio.h>
#include <string.h>

/* A decimal number without sign or leading blanks, at most `most`. */
bool number(const char *text, uint64_t most, uint64_t *value)
{
    uint64_t v = 0;
    if (*text == '\0')
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (v > (most - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

bool is_hex(const char *text, size_t digits)
{
    return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

void hex(char *to, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes a word in place and ends it with a NUL (there is room: the text shrinks). `-` is the empty value. */
bool decode(char *word, size_t *length)
{
    size_t count = strlen(word), written = 0;
    if (strcmp(word, "-") == 0) {
        *word = '\0';
        *length = 0;
        return true;
    }
    if (count == 0 || count % 4 != 0)
        return false;
    size_t padding = word[count - 1] != '=' ? 0 : word[count - 2] != '=' ? 1 : 2;
    for (size_t i = 0; i < count; i += 4) {
        uint32_t bits = 0;
        size_t pads = i + 4 == count ? padding : 0;
        for (size_t j = 0; j < 4; j++) {
            int value = j >= 4 - pads ? 0 : base64_value(word[i + j]);
            if (value < 0)
                return false;
            bits = bits << 6 | (uint32_t)value;
        }
        for (size_t j = 0; j < 3 - pads; j++)
            word[written++] = (char)(bits >> (16 - 8 * j));
    }
    word[written] = '\0';
    *length = written;
    return true;
}

/* As decode(), for text: a NUL inside would be cut off silently by everything that takes it. */
bool decode_text(char *word)
{
    size_t length;
    return decode(word, &length) && strlen(word) == length;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Three bytes, or as many of them as there are, as four digits of base64. */
void encode_group(char to[4], const unsigned char *bytes, size_t have)
{
    uint32_t bits = (uint32_t)bytes[0] << 16;
    bits |= have > 1 ? (uint32_t)bytes[1] << 8 : 0;
    bits |= have > 2 ? bytes[2] : 0;
    to[0] = base64_digits[bits >> 18];
    to[1] = base64_digits[bits >> 12 & 63];
    to[2] = have > 1 ? base64_digits[bits >> 6 & 63] : '=';
    to[3] = have > 2 ? base64_digits[bits & 63] : '=';
}
