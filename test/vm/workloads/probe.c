/*
 * probe: a small command of an administrator, say a login. Linked dynamically and run rarely, so that the kernel may
 * evict it like anybody's; besides its libc it touches 32 places of 16 MiB of code on the disk (the shell, the tools,
 * what they load), a different choice each time. In calm times all of it is in the page cache.
 */
#include "common.h"
#include <fcntl.h>
#include <sys/mman.h>

int main(void)
{
	const long size = 16 * MIB, offset = 720 * MIB; /* past what the workloads read of the file */
	int fd = open("/data/workset", O_RDONLY);
	const volatile char *code = mmap(NULL, (size_t)size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, offset);
	if (code == MAP_FAILED) return 1;
	uint64_t seed = (uint64_t)now_us() | 1;
	for (int i = 0; i < 32; i++) (void)code[next_random(&seed) % (uint64_t)size];
	return 0;
}
