/*
 * dm: dm create=NAME on=DEVICE sectors=N makes /dev/NAME, a linear map of DEVICE; dm suspend=NAME lets its readers and
 * writers wait, without a flush and without a lock on a file system; dm resume=NAME lets them go on. linux/dm-ioctl.h
 */
#include "common.h"
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static struct { struct dm_ioctl head; struct dm_target_spec target; char parameters[64]; } call;

static void ask(unsigned long request, const char *name, uint32_t flags)
{
	static int control;
	if (!control) control = open("/dev/mapper/control", O_RDWR);
	call.head = (struct dm_ioctl){ .version = { DM_VERSION_MAJOR, 0, 0 }, .data_size = sizeof call, .flags = flags,
		.data_start = sizeof call.head, .target_count = 1 };
	snprintf(call.head.name, sizeof call.head.name, "%s", name);
	if (ioctl(control, request, &call)) { perror("dm"); exit(1); }
}

int main(int argc, char **argv)
{
	const char *name;
	if ((name = arg_text(argc, argv, "create", NULL))) {
		char path[64];
		ask(DM_DEV_CREATE, name, 0);
		dev_t dev = (dev_t)call.head.dev;
		uint64_t length = (uint64_t)arg_number(argc, argv, "sectors", 0);
		call.target = (struct dm_target_spec){ .length = length, .target_type = "linear" };
		snprintf(call.parameters, sizeof call.parameters, "%s 0", arg_text(argc, argv, "on", ""));
		ask(DM_TABLE_LOAD, name, 0);
		ask(DM_DEV_SUSPEND, name, 0); /* without the flag: resume, the new table comes into force */
		snprintf(path, sizeof path, "/dev/%s", name);
		if (mknod(path, S_IFBLK | 0600, dev)) { perror(path); return 1; }
	} else if ((name = arg_text(argc, argv, "suspend", NULL)))
		ask(DM_DEV_SUSPEND, name, DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG | DM_NOFLUSH_FLAG);
	else if ((name = arg_text(argc, argv, "resume", NULL))) ask(DM_DEV_SUSPEND, name, 0);
	return 0;
}
