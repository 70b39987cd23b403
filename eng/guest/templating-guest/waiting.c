/* Requests about devices that the host has just plugged in: tried at once, and again whenever something came, until their
 * time is over. The host need not know when its guest sees a device. */
#include "owner.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 20 }; /* what is ready only a moment after the kernel told of it */

enum waiting_for { FOR_MOUNT, FOR_NETWORK, FOR_DEVICE };

struct waiting {
    bool used;
    enum waiting_for what;
    uint32_t stream;
    uint64_t until;
    struct mount_request mount;
    struct device device;
};

static struct waiting all[MAX_WAITING];
static struct network_request network; /* one at a time: it is large, and there is one pod */
static bool network_used;

static void attempt(struct waiting *w)
{
    char answer[512] = "", problem[512] = "";
    unsigned char numbers[DEVICE_ANSWER];
    int error = w->what == FOR_NETWORK  ? try_network(&network, problem, sizeof problem)
                : w->what == FOR_DEVICE ? try_device(&w->device, numbers, problem, sizeof problem)
                                        : try_mount(&w->mount, answer, sizeof answer, problem, sizeof problem);
    if (error == EAGAIN && now_ms() < w->until)
        return;
    if (error == 0 && w->what == FOR_DEVICE)
        done(w->stream, numbers, sizeof numbers);
    else if (error == 0)
        done(w->stream, answer, strlen(answer));
    else
        refuse(w->stream, error == EAGAIN ? ENODEV : error, "%s", problem);
    network_used = network_used && w->what != FOR_NETWORK;
    w->used = false;
}

static struct waiting *begin(uint32_t stream)
{
    for (int i = 0; i < MAX_WAITING; i++) {
        if (all[i].used)
            continue;
        all[i].used = true;
        all[i].stream = stream;
        return &all[i];
    }
    refuse(stream, EAGAIN, "%d requests wait for devices, and no more may at once", MAX_WAITING);
    return NULL;
}

static bool take_wait(struct fields *f, uint64_t *until)
{
    uint64_t wait = take_number(f, 4);
    *until = now_ms() + wait;
    return all_taken(f) && wait <= MAX_WAIT_MS;
}

void handle_mount(uint32_t stream, struct fields *f)
{
    struct waiting *w = begin(stream);
    if (!w)
        return;
    w->what = FOR_MOUNT;
    take_mount(f, &w->mount);
    if (!take_wait(f, &w->until)) {
        refuse(stream, EINVAL, "A field of MOUNT is not what the protocol says it is, or it waits longer than %d ms", MAX_WAIT_MS);
        w->used = false;
        return;
    }
    attempt(w);
}

void handle_network(uint32_t stream, struct fields *f)
{
    if (network_used) {
        refuse(stream, EBUSY, "Another NETWORK waits for its card");
        return;
    }
    struct waiting *w = begin(stream);
    if (!w)
        return;
    w->what = FOR_NETWORK;
    take_network(f, &network);
    if (!take_wait(f, &w->until)) {
        refuse(stream, EINVAL, "A field of NETWORK is not what the protocol says it is, or it waits longer than %d ms",
               MAX_WAIT_MS);
        w->used = false;
        return;
    }
    network_used = true;
    attempt(w);
}

/* DEVICE: a device, u32 wait. */
void handle_device(uint32_t stream, struct fields *f)
{
    struct waiting *w = begin(stream);
    if (!w)
        return;
    w->what = FOR_DEVICE;
    take_device(f, &w->device);
    if (!take_wait(f, &w->until) || w->device.kind == NO_DEVICE) {
        refuse(stream, EINVAL, "A field of DEVICE is not what the protocol says it is, or it waits longer than %d ms", MAX_WAIT_MS);
        w->used = false;
        return;
    }
    attempt(w);
}

void serve_waiting(void)
{
    for (int i = 0; i < MAX_WAITING; i++)
        if (all[i].used && owner_out_ready())
            attempt(&all[i]);
}

uint64_t waiting_deadline(void)
{
    for (int i = 0; i < MAX_WAITING; i++)
        if (all[i].used && owner_out_ready())
            return now_ms() + LOOK_MS;
    return UINT64_MAX;
}

void forget_waiting(void)
{
    for (int i = 0; i < MAX_WAITING; i++)
        all[i].used = false;
    network_used = false;
}
