/*
 * shared: fills mib=N of shared memory at rate=MiB/s (0: as fast as it can) that is in nobody's page tables in the end.
 * how=sysv (the default): a System V segment; it exits, the segment stays. how=memfd: a memfd called "hoard", by write(2); it
 * keeps the descriptor for ever.
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
	int is_memfd = strcmp(arg_text(argc, argv, "how", "sysv"), "memfd") == 0;
	long long begin = now_us();
	memset(chunk, 1, sizeof chunk);
	int id = is_memfd ? memfd_create("hoard", 0) : shmget(IPC_PRIVATE, (size_t)(mib * MIB), 0600);
	if (id < 0) return 2;
	char *p = is_memfd ? NULL : shmat(id, NULL, 0);
	if (p == (char *)-1) return 2;
	for (long i = 0; i < mib; i++) {
		if (p) memcpy(p + i * MIB, chunk, MIB);
		else if (write(id, chunk, MIB) != MIB) return 3;
		pace(begin, i + 1, rate);
	}
	while (is_memfd) pause();
	return 0;
}
