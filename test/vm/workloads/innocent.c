/* innocent: holds mib=N of anonymous memory and touches it once a second, as a well-behaved service would. */
#include "common.h"

int main(int argc, char **argv)
{
	long size = arg_number(argc, argv, "mib", 8) * MIB;
	char *memory = malloc((size_t)size);
	if (!memory) return 1;
	for (char turn = 1;; turn++) {
		for (long i = 0; i < size; i += PAGE) memory[i] = turn;
		sleep_ms(1000);
	}
}
