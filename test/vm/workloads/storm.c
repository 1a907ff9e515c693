/*
 * storm: keeps N children alive, each with mib=N of anonymous memory, and replaces each at once when it dies, by whatever.
 * Touches no more itself than what it starts with. every=MS: between the births of the first ones.
 */
#include "common.h"
#include <sys/mman.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	long keeps = arg_number(argc, argv, "keeps", 20), size = arg_number(argc, argv, "mib", 30) * MIB;
	long every = arg_number(argc, argv, "every", 0), born = 0;
	for (long alive = 0;;) {
		for (; alive < keeps; alive++) {
			pid_t pid = fork();
			if (pid < 0) break;
			if (pid > 0) {
				if (born++ < keeps) sleep_ms(every);
				continue;
			}
			char *p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			for (long i = 0; p != MAP_FAILED && i < size; i += PAGE) p[i] = 1;
			for (;;) pause();
		}
		if (alive == 0) sleep_ms(10);
		else if (wait(NULL) > 0) alive--;
	}
}
