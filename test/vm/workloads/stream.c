/* stream: reads file=PATH from its beginning to mib=N with read(2), loops=N times (0 = for ever), as a backup would. */
#include "common.h"
#include <fcntl.h>

static char buffer[256 * 1024];

int main(int argc, char **argv)
{
	long size = arg_number(argc, argv, "mib", 768) * MIB, loops = arg_number(argc, argv, "loops", 0);
	int fd = open(arg_text(argc, argv, "file", "/data/workset"), O_RDONLY);
	if (fd < 0) { perror("open"); return 1; }
	for (long pass = 0; loops == 0 || pass < loops; pass++)
		for (long at = 0; at < size;) {
			ssize_t n = pread(fd, buffer, sizeof buffer, at);
			if (n <= 0) break;
			at += n;
		}
	return 0;
}
