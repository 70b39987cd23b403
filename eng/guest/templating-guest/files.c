/* Files: those the host sends for the clone, and the reading and writing of our own. */
#include "guest.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The files sent since the last identity or sync, and the first thing that went wrong with them. */
static struct {
    unsigned count;
    size_t bytes;
    char path[MAX_FILE_PATH + 1]; /* of the one that `more` goes on with; empty for none */
    char paths[MAX_FILES][MAX_FILE_PATH + 1];
    char problem[2 * MAX_FILE_PATH];
} files;

/* What a path's next content is called until it is there. */
#define NEXT ".next"

enum { MAX_NEXT = 128, MAX_PREPARED = 4 };

/* Next files that are open already, and empty. */
static struct {
    const char *path; /* NULL for none */
    int fd;
} prepared[MAX_PREPARED];

static int open_next(const char *next, mode_t mode)
{
    return open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
}

/* In the template, for a path that each clone will write: the kernel need not make a file in each of them. */
void prepare_file(const char *path, mode_t mode)
{
    for (size_t i = 0; i < MAX_PREPARED; i++) {
        if (prepared[i].path)
            continue;
        char next[MAX_NEXT];
        snprintf(next, sizeof next, "%s" NEXT, path);
        prepared[i].fd = open_next(next, mode);
        prepared[i].path = prepared[i].fd < 0 ? NULL : path;
        return;
    }
}

static int take_prepared(const char *path)
{
    for (size_t i = 0; i < MAX_PREPARED; i++) {
        if (prepared[i].path && strcmp(prepared[i].path, path) == 0) {
            prepared[i].path = NULL;
            return prepared[i].fd;
        }
    }
    return -1;
}

/* Closes the file. By rename: a reader sees the old one or the new one, never half of it. */
static bool fill(int fd, const char *next, const char *path, const char *data, size_t length)
{
    /* One that was made in the template has that time, and keeps it where nothing is written. */
    bool good = length > 0 || futimens(fd, NULL) == 0;
    while (good && length > 0) {
        ssize_t wrote = write(fd, data, length);
        good = wrote > 0;
        data += good ? wrote : 0;
        length -= good ? (size_t)wrote : 0;
    }
    close(fd);
    if (good && rename(next, path) == 0)
        return true;
    int error = errno;
    unlink(next);
    errno = error;
    return false;
}

bool write_file(const char *path, mode_t mode, const void *data, size_t length)
{
    char next[MAX_NEXT];
    snprintf(next, sizeof next, "%s" NEXT, path);
    int fd = take_prepared(path);
    if (fd >= 0 && fill(fd, next, path, data, length))
        return true;
    fd = open_next(next, mode);
    return fd >= 0 && fill(fd, next, path, data, length);
}

bool write_text(const char *path, const char *text)
{
    char line[MAX_ID + 2];
    int length = snprintf(line, sizeof line, "%s\n", text);
    return length > 0 && (size_t)length < sizeof line && write_file(path, 0644, line, (size_t)length);
}

/* In place, for a file that others have open or mounted, or in whose folder nothing can be made. */
bool overwrite_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
    if (fd < 0)
        return false;
    char line[MAX_ID + 2];
    int length = snprintf(line, sizeof line, "%s\n", text);
    /* Nobody sees it empty: what is longer is cut off afterwards. */
    bool good = length > 0 && (size_t)length < sizeof line && write(fd, line, (size_t)length) == length &&
                (lseek(fd, 0, SEEK_END) <= length || ftruncate(fd, length) == 0);
    return close(fd) == 0 && good;
}

bool read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, text, size - 1);
    close(fd);
    if (got < 0)
        return false;
    text[got] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return true;
}

/* Kept for the identity that follows: an answer to each part would be a wake of the host for each. */
static void file_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void file_failed(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(files.problem, sizeof files.problem, format, arguments);
    va_end(arguments);
}

static bool make_parents(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        bool made = mkdir(path, 0755) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

static bool parse_mode(const char *word, mode_t *mode)
{
    size_t digits = strlen(word);
    if (digits < 1 || digits > 4 || strspn(word, "01234567") != digits)
        return false;
    *mode = (mode_t)strtoul(word, NULL, 8);
    return *mode <= 0777;
}

static bool write_part(mode_t mode, bool more, const char *data, size_t length)
{
    /* Links are followed: one that the guest has there is the guest's own wish. */
    int fd = open(files.path, O_WRONLY | O_CLOEXEC | (more ? O_APPEND : O_CREAT | O_TRUNC), 0600);
    if (fd < 0)
        return false;
    bool good = more || fchmod(fd, mode) == 0;
    while (good && length > 0) {
        ssize_t wrote = write(fd, data, length);
        good = wrote > 0 || (wrote < 0 && errno == EINTR);
        data += wrote > 0 ? wrote : 0;
        length -= wrote > 0 ? (size_t)wrote : 0;
    }
    int error = errno;
    if (close(fd) != 0 && good)
        return false;
    errno = error;
    return good;
}

/* file PATH MODE new|more DATA */
void handle_file(char **words, size_t count)
{
    mode_t mode;
    size_t length;
    if (*files.problem)
        return; /* the rest of what failed already */
    bool more = count == 5 && strcmp(words[3], "more") == 0;
    if (count != 5 || (!more && strcmp(words[3], "new") != 0)) {
        file_failed("Expected file PATH MODE new|more DATA");
        return;
    }
    if (!decode_text(words[1]) || words[1][0] != '/' || strlen(words[1]) > MAX_FILE_PATH ||
        !parse_mode(words[2], &mode) || !decode(words[4], &length) || (more && strcmp(words[1], files.path) != 0)) {
        file_failed("A file's PATH, MODE or DATA is not what the protocol says it is");
        return;
    }
    files.count += !more;
    files.bytes += length;
    if (files.count > MAX_FILES || files.bytes > MAX_FILES_BYTES) {
        file_failed("More than %d files or %d bytes", MAX_FILES, MAX_FILES_BYTES);
        return;
    }
    snprintf(files.path, sizeof files.path, "%s", words[1]);
    if (!more)
        memcpy(files.paths[files.count - 1], files.path, sizeof files.path);
    if ((!more && !make_parents(files.path)) || !write_part(mode, more, words[4], length))
        file_failed("Failed at writing %s: %s (errno %d)", files.path, strerror(errno), errno);
}

/* They came before the clock was set, and so were made at the frozen moment; that is the time of no clone. */
void date_files(void)
{
    char folder[MAX_FILE_PATH + 1];
    for (unsigned i = 0; i < files.count; i++) {
        utimensat(AT_FDCWD, files.paths[i], NULL, 0);
        snprintf(folder, sizeof folder, "%s", files.paths[i]);
        *strrchr(folder, '/') = '\0';
        if (*folder)
            utimensat(AT_FDCWD, folder, NULL, 0);
    }
}

const char *files_problem(void)
{
    return files.problem;
}

void forget_files(void)
{
    /* Not the paths: clearing them would cost each clone their pages. */
    files.count = 0;
    files.bytes = 0;
    *files.path = *files.problem = '\0';
}
