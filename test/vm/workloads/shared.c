/* shared: fills a System V segment of mib=N at rate=MiB/s (0: as fast as it can), and exits when it is there: the segment stays. */
#include "common.h"
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
	int id = shmget(IPC_PRIVATE, (size_t)(mib * MIB), 0600);
	char *p = id < 0 ? (char *)-1 : shmat(id, NULL, 0);
	if (p == (char *)-1) return 2;
	for (long i = 0; i < mib; i++) {
		memcpy(p + i * MIB, chunk, MIB);
		pace(begin, i + 1, rate);
	}
	return 0;
}
