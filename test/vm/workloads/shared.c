/*
 * shared: fills mib=N of shared memory that is not in the page tables of any process, at rate=MiB/s (0: as fast as it can):
 * as=memfd through write(2), and keeps the file open; as=sysv into a segment, and exits when it is there.
 */
#include "common.h"
#include <sys/mman.h>
#include <sys/shm.h>

static char chunk[1024 * 1024];

static void pace(long long begin, long done, long rate)
{
	while (rate > 0 && (now_us() - begin) * (rate / 1000000.0) < (double)done) sleep_ms(5);
}

int main(int argc, char **argv)
{
	long mib = arg_number(argc, argv, "mib", 1), rate = arg_number(argc, argv, "rate", 0);
	long long begin = now_us();
	memset(chunk, 1, sizeof chunk);
	if (strcmp(arg_text(argc, argv, "as", "memfd"), "sysv") == 0) {
		int id = shmget(IPC_PRIVATE, (size_t)(mib * MIB), 0600);
		char *p = id < 0 ? (char *)-1 : shmat(id, NULL, 0);
		if (p == (char *)-1) return 2;
		for (long i = 0; i < mib; i++) {
			memcpy(p + i * MIB, chunk, MIB);
			pace(begin, i + 1, rate);
		}
		return 0;
	}
	int fd = memfd_create("heap", 0);
	for (long i = 0; i < mib; i++) {
		if (write(fd, chunk, sizeof chunk) < 0) return 3;
		pace(begin, i + 1, rate);
	}
	for (;;) pause();
}
