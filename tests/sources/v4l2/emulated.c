/* A video device in user space, for tests on machines that have none.
 *
 * Loaded with LD_PRELOAD, it stands behind the file named by EMULATED_DEVICE: whoever opens that file talks to a
 * driver that answers as the kernel's own does (Video4Linux2, streaming by mmap). The file says what the device does,
 * one word or setting a line:
 *
 *   card NAME              what it calls itself
 *   metadata               it gives no pictures
 *   busy                   another program streams from it
 *   silent                 it never has a picture
 *   unplugged N            it is gone after N pictures
 *   format FOURCC W H FILE pictures that it offers, the first as its default; FILE holds one as it is sent
 *
 * Everything else of the program goes to the C library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_FORMATS = 8, MOST_OPEN = 16, MOST_BUFFERS = 8, BUFFER_BYTES = 16 << 20 };

static struct {
    char card[32];
    int metadata, busy, silent, unplugged, count;
    struct { unsigned fourcc, width, height, size; char file[512]; } formats[MOST_FORMATS];
} device;

static int is_ours[1024];
static int chosen, streaming, taken;
static unsigned buffers, queue[MOST_BUFFERS], queued;
static void *memory[MOST_BUFFERS];

static void read_description(const char *path) {
    char line[1024], code[5], file[512];
    unsigned width, height;
    memset(&device, 0, sizeof device);
    device.unplugged = -1;
    FILE *stream = fopen(path, "r");
    while (stream && fgets(line, sizeof line, stream)) {
        sscanf(line, "card %31[^\n]", device.card);
        sscanf(line, "unplugged %d", &device.unplugged);
        device.metadata |= !strncmp(line, "metadata", 8);
        device.busy |= !strncmp(line, "busy", 4);
        device.silent |= !strncmp(line, "silent", 6);
        if (sscanf(line, "format %4s %u %u %511s", code, &width, &height, file) == 4) {
            struct stat status;
            stat(file, &status);
            device.formats[device.count].fourcc = v4l2_fourcc(code[0], code[1], code[2], code[3]);
            device.formats[device.count].width = width;
            device.formats[device.count].height = height;
            device.formats[device.count].size = status.st_size;
            strcpy(device.formats[device.count++].file, file);
        }
    }
    if (stream) fclose(stream);
}

static int open_ours(const char *path) {
    const char *wanted = getenv("EMULATED_DEVICE");
    if (!wanted || strcmp(path, wanted) || access(path, R_OK | W_OK)) return -1;
    read_description(path);
    /* Readable at all times, or never: this is what select() is asked. */
    int fd = eventfd(device.silent ? 0 : 1, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd >= 0 && fd < 1024) is_ours[fd] = 1;
    return fd;
}

static int open_theirs(const char *path, int flags, mode_t mode) {
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

#define OPEN(name)                                                                     \
    int name(const char *path, int flags, ...) {                                       \
        va_list rest;                                                                  \
        va_start(rest, flags);                                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;        \
        va_end(rest);                                                                  \
        int fd = open_ours(path);                                                      \
        return fd >= 0 ? fd : open_theirs(path, flags, mode);                          \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    if (fd >= 0 && fd < 1024 && is_ours[fd]) is_ours[fd] = streaming = 0;
    return syscall(SYS_close, fd);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    if (fd >= 0 && fd < 1024 && is_ours[fd]) {
        /* The reader may only read; the driver writes. */
        int both = PROT_READ | PROT_WRITE;
        void *place = (void *)syscall(SYS_mmap, NULL, length, both, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        return memory[offset / BUFFER_BYTES] = place;
    }
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    return mmap(address, length, protection, flags, fd, offset);
}

static int refuse(int number) {
    errno = number;
    return -1;
}

static void describe(struct v4l2_pix_format *pix) {
    pix->pixelformat = device.formats[chosen].fourcc;
    pix->width = device.formats[chosen].width;
    pix->height = device.formats[chosen].height;
    pix->sizeimage = device.formats[chosen].size;
    pix->field = V4L2_FIELD_NONE;
    pix->bytesperline = 0;
}

/* As drivers do: the format asked for, in the size that is nearest. */
static void choose(const struct v4l2_pix_format *pix) {
    int best = -1;
    unsigned least = ~0u;
    for (int at = 0; at < device.count; at++) {
        unsigned off = abs((int)device.formats[at].width - (int)pix->width) +
                       abs((int)device.formats[at].height - (int)pix->height);
        if (device.formats[at].fourcc == pix->pixelformat && off < least) best = at, least = off;
    }
    chosen = best >= 0 ? best : 0;
}

static int take(struct v4l2_buffer *buffer) {
    if (device.unplugged >= 0 && taken >= device.unplugged) return refuse(ENODEV);
    if (device.silent || !queued) return refuse(EAGAIN);
    buffer->index = queue[0];
    memmove(queue, queue + 1, --queued * sizeof *queue);
    int fd = open_theirs(device.formats[chosen].file, O_RDONLY, 0);
    buffer->bytesused = read(fd, memory[buffer->index], BUFFER_BYTES);
    syscall(SYS_close, fd);
    buffer->length = BUFFER_BYTES;
    buffer->sequence = taken++;
    buffer->flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_DONE;
    return 0;
}

static int answer(unsigned long request, void *argument) {
    struct v4l2_capability *capability = argument;
    struct v4l2_format *format = argument;
    struct v4l2_requestbuffers *wanted = argument;
    struct v4l2_buffer *buffer = argument;
    struct v4l2_fmtdesc *listed = argument;
    if (device.unplugged >= 0 && taken >= device.unplugged) return refuse(ENODEV);
    switch (request) {
    case VIDIOC_QUERYCAP:
        memset(capability, 0, sizeof *capability);
        memcpy(capability->card, device.card, sizeof device.card);
        strcpy((char *)capability->driver, "emulated");
        capability->device_caps = device.metadata ? V4L2_CAP_META_CAPTURE : V4L2_CAP_VIDEO_CAPTURE;
        capability->device_caps |= V4L2_CAP_STREAMING;
        capability->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_DEVICE_CAPS;
        return 0;
    case VIDIOC_ENUM_FMT:
        if (listed->index >= (unsigned)device.count) return refuse(EINVAL);
        listed->pixelformat = device.formats[listed->index].fourcc;
        return 0;
    case VIDIOC_G_FMT:
        describe(&format->fmt.pix);
        return 0;
    case VIDIOC_TRY_FMT:
    case VIDIOC_S_FMT:
        if (device.busy || streaming) return refuse(EBUSY);
        choose(&format->fmt.pix);
        describe(&format->fmt.pix);
        return 0;
    case VIDIOC_REQBUFS:
        if (device.busy) return refuse(EBUSY);
        if (wanted->count > MOST_BUFFERS) wanted->count = MOST_BUFFERS;
        buffers = wanted->count;
        queued = 0;
        return 0;
    case VIDIOC_QUERYBUF:
        if (buffer->index >= buffers) return refuse(EINVAL);
        buffer->length = BUFFER_BYTES;
        buffer->m.offset = buffer->index * BUFFER_BYTES;
        return 0;
    case VIDIOC_QBUF:
        if (queued < MOST_BUFFERS) queue[queued++] = buffer->index;
        return 0;
    case VIDIOC_DQBUF:
        return take(buffer);
    case VIDIOC_STREAMON:
        streaming = 1;
        return 0;
    case VIDIOC_STREAMOFF:
        streaming = 0;
        queued = 0;
        return 0;
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM:
        return 0;
    default:
        return refuse(ENOTTY);
    }
}

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (fd >= 0 && fd < 1024 && is_ours[fd]) return answer(request & 0xffffffff, argument);
    return syscall(SYS_ioctl, fd, request, argument);
}
