/* Runs a program under an allow-list of system calls, as a service manager would: everything else answers EPERM.
 * allowed.h, which the test writes from the unit, defines ALLOWED(X) as X(read) X(write) ...; what this machine's kernel
 * headers do not know is left out there. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "allowed.h"

#define NUMBER(name) SYS_##name,
static const int numbers[] = {ALLOWED(NUMBER)};
#define COUNT (sizeof numbers / sizeof *numbers)

static struct sock_filter program[2 * COUNT + 2];

int main(int argc, char **argv) {
  unsigned short at = 0;
  if (argc < 2) return 64;
  program[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < COUNT; i++) {
    program[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i], 0, 1);
    program[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  program[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  struct sock_fprog filter = {at, program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    perror("seccomp-filter");
    return 71;
  }
  execvp(argv[1], argv + 1);
  perror(argv[1]);
  return 71;
}
