/* Whom a command runs as, by the guest's own /etc/passwd and /etc/group. */
#include "guest.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* Of one line; a longer one ends the search, for there is no telling what follows it. */
static char line[65536];

/* By name, or by number where `text` is one and nobody has it for a name. */
static bool find_passwd(const char *text, struct user *user)
{
    FILE *file = fopen("/etc/passwd", "re");
    struct passwd entry, *found;
    uint64_t wanted;
    bool is_number = number(text, UINT32_MAX - 1, &wanted), known = false;
    while (file && fgetpwent_r(file, &entry, line, sizeof line, &found) == 0) {
        bool by_name = strcmp(found->pw_name, text) == 0;
        if (!by_name && (known || !is_number || found->pw_uid != wanted))
            continue;
        known = true;
        user->uid = found->pw_uid;
        user->gid = found->pw_gid;
        snprintf(user->name, sizeof user->name, "%s", found->pw_name);
        snprintf(user->home, sizeof user->home, "%s", *found->pw_dir ? found->pw_dir : "/");
        if (by_name)
            break;
    }
    if (file)
        fclose(file);
    if (known || !is_number)
        return known;
    /* As a number alone: of no group but the one with its number, rather than of root's. */
    user->uid = user->gid = (uint32_t)wanted;
    snprintf(user->name, sizeof user->name, "%s", text);
    snprintf(user->home, sizeof user->home, "/");
    return true;
}

/* The group of that name or number into `gid`, and into the user's groups those that name it as a member. */
static bool find_groups(const char *wanted_name, struct user *user)
{
    FILE *file = fopen("/etc/group", "re");
    struct group entry, *found;
    uint64_t wanted;
    bool known = !wanted_name, is_number = wanted_name && number(wanted_name, UINT32_MAX - 1, &wanted);
    while (file && fgetgrent_r(file, &entry, line, sizeof line, &found) == 0) {
        if (wanted_name && strcmp(found->gr_name, wanted_name) == 0) {
            user->gid = found->gr_gid;
            known = true;
            is_number = false;
        }
        for (char **member = found->gr_mem; *member; member++)
            if (!wanted_name && strcmp(*member, user->name) == 0 && user->group_count < MAX_GROUPS)
                user->groups[user->group_count++] = found->gr_gid;
    }
    if (file)
        fclose(file);
    if (is_number)
        user->gid = (uint32_t)wanted;
    return known || is_number;
}

/* USER or USER:GROUP, each a name or a number. With a group of its own it gets no other, as docker has it. */
bool find_user(char *text, struct user *user, char *why, size_t size)
{
    char *group = strchr(text, ':');
    if (group)
        *group++ = '\0';
    memset(user, 0, sizeof *user);
    if (!*text || !find_passwd(text, user)) {
        snprintf(why, size, "No user %.100s in /etc/passwd", text);
        return false;
    }
    if (!find_groups(group, user)) {
        snprintf(why, size, "No group %.100s in /etc/group", group);
        return false;
    }
    return true;
}
