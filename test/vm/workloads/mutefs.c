/*
 * mutefs: a file system of one file, DIR/file, that never answers a read: mutefs dir=DIR mounts it and serves it through
 * /dev/fuse until it is killed. The second one who opens the file gets direct I/O, so that mmap(2) by him throws the
 * cached pages away first (fs/fuse/file.c, fuse_file_mmap()) and waits for the one that is being read for ever.
 */
#include "common.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

enum { FILE_NODE = 2 };

static int device;
static char request[256 * 1024];

static void answer(int error, const void *body, size_t size)
{
	struct fuse_out_header head = { (uint32_t)(sizeof head + size), error, ((struct fuse_in_header *)request)->unique };
	struct iovec parts[] = { { &head, sizeof head }, { (void *)body, size } };
	if (writev(device, parts, 2) < 0) perror("mutefs: answer");
}

static struct fuse_attr attributes(uint64_t node)
{
	struct fuse_attr attr = { .ino = node, .nlink = 1, .size = MIB, .blocks = MIB / 512, .mode = S_IFREG | 0444 };
	if (node == FUSE_ROOT_ID) attr.mode = S_IFDIR | 0555;
	return attr;
}

int main(int argc, char **argv)
{
	char options[96];
	device = open("/dev/fuse", O_RDWR);
	snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	if (mount("mutefs", arg_text(argc, argv, "dir", ""), "fuse", 0, options)) {
		perror("mutefs: mount");
		return 1;
	}
	for (int opened = 0; read(device, request, sizeof request) > 0;) {
		const struct fuse_in_header *in = (void *)request;
		if (in->opcode == FUSE_INIT) {
			struct fuse_init_out out = { FUSE_KERNEL_VERSION, FUSE_KERNEL_MINOR_VERSION, .max_write = PAGE };
			answer(0, &out, sizeof out);
		} else if (in->opcode == FUSE_LOOKUP) {
			struct fuse_entry_out out = { FILE_NODE, .entry_valid = 3600, .attr_valid = 3600 };
			out.attr = attributes(FILE_NODE);
			answer(0, &out, sizeof out);
		} else if (in->opcode == FUSE_GETATTR) {
			struct fuse_attr_out out = { .attr_valid = 3600, .attr = attributes(in->nodeid) };
			answer(0, &out, sizeof out);
		} else if (in->opcode == FUSE_OPEN) {
			struct fuse_open_out out = { .open_flags = opened++ ? FOPEN_DIRECT_IO : 0 };
			answer(0, &out, sizeof out);
		} else if (in->opcode != FUSE_READ && in->opcode != FUSE_FORGET && in->opcode != FUSE_INTERRUPT)
			answer(-ENOSYS, NULL, 0);
	}
	perror("mutefs: read");
	return 1;
}
