/* innocent: holds mib=N of anonymous memory, prints "ready", and touches it once a second, as a well-behaved service would. */
#include "common.h"

int main(int argc, char **argv)
{
	long size = arg_number(argc, argv, "mib", 8) * MIB;
	char *memory = malloc((size_t)size);
	if (!memory) return 1;
	for (char turn = 1;; turn++) {
		for (long i = 0; i < size; i += PAGE) memory[i] = turn;
		if (turn == 1 && write(1, "ready\n", 6) < 0) return 1;
		sleep_ms(1000);
	}
}
