/* Runs a command and strikes at the n-th of its system calls that change a disk or use a network.
 *
 *   inject FILE count     N        -- COMMAND...   only counts
 *   inject FILE before    N        -- COMMAND...   SIGKILL instead of the n-th call
 *   inject FILE after     N        -- COMMAND...   SIGKILL right after it
 *   inject FILE fail      N ERRNO  -- COMMAND...   the n-th call fails with this error
 *   inject FILE fail-from N ERRNO  -- COMMAND...   it and all later ones do
 *
 * FILE receives the number of calls met, and the name of the call struck. Threads and children are
 * followed. It ends as the command ended; 137 where it was killed.
 *
 * A seccomp filter stops only the chosen calls, so that the rest runs at full speed. x86_64 Linux.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "inject knows the registers of x86_64 only"
#endif

enum guard { ALWAYS, NO_STANDARD_STREAM, CREATING };

/* A guard looks at the argument with this number. */
static const struct { int call; const char *name; enum guard guard; int argument; } CALLS[] = {
#define C(name) {SYS_##name, #name, ALWAYS, 0}
    {SYS_write, "write", NO_STANDARD_STREAM, 0}, {SYS_writev, "writev", NO_STANDARD_STREAM, 0},
    {SYS_open, "open", CREATING, 1}, {SYS_openat, "openat", CREATING, 2},
    C(creat), C(pwrite64), C(pwritev), C(pwritev2), C(fsync), C(fdatasync), C(sync_file_range),
    C(rename), C(renameat), C(renameat2), C(link), C(linkat), C(symlink), C(symlinkat),
    C(unlink), C(unlinkat), C(rmdir), C(mkdir), C(mkdirat), C(truncate), C(ftruncate),
    C(fallocate), C(copy_file_range), C(sendfile), C(chmod), C(fchmod), C(fchmodat), C(utimensat),
    C(connect), C(sendto), C(sendmsg), C(sendmmsg),
#undef C
};
enum { COUNT = sizeof CALLS / sizeof *CALLS };

static void die(const char *what) {
    perror(what);
    exit(125);
}

/* Asks the kernel to stop this process, and all that come of it, at the chosen calls. */
static void install_filter(void) {
    struct sock_filter code[8 * COUNT + 8];
    size_t at = 0;
#define ADD(...) code[at++] = (struct sock_filter)__VA_ARGS__
#define LOAD(offset) ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset))
    for (size_t i = 0; i < COUNT; i++) {
        size_t argument = offsetof(struct seccomp_data, args) + 8 * CALLS[i].argument;
        LOAD(offsetof(struct seccomp_data, nr));
        switch (CALLS[i].guard) {
        case ALWAYS:
            ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS[i].call, 0, 1));
            break;
        case NO_STANDARD_STREAM:
            ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS[i].call, 0, 3));
            LOAD(argument);
            ADD(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, STDERR_FILENO, 0, 1));
            break;
        case CREATING:
            ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS[i].call, 0, 3));
            LOAD(argument);
            ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1));
            break;
        }
        ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | i));
    }
    ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    struct sock_fprog program = {.len = at, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        die("seccomp");
}

/* The n-th call is skipped and gives an error instead. */
static void refuse(pid_t thread, int error) {
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, thread, 0, &registers)) return;
    registers.orig_rax = -1;
    registers.rax = -error;
    ptrace(PTRACE_SETREGS, thread, 0, &registers);
}

int main(int argc, char **argv) {
    int at = 4;
    if (argc < 5) return 125;
    const char *file = argv[1], *mode = argv[2];
    long n = atol(argv[3]), met = 0;
    int error = 0;
    if (!strncmp(mode, "fail", 4)) error = atoi(argv[at++]);
    if (strcmp(argv[at++], "--")) return 125;

    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0)) die("ptrace");
        raise(SIGSTOP);
        install_filter();
        execv(argv[at], argv + at);
        die(argv[at]);
    }
    int status;
    if (waitpid(child, &status, 0) != child) die("waitpid");
    if (ptrace(PTRACE_SETOPTIONS, child, 0,
               PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
        die("ptrace");
    ptrace(PTRACE_CONT, child, 0, 0);

    const char *struck = "-";
    int code = 125;
    pid_t thread;
    while ((thread = waitpid(-1, &status, __WALL)) > 0) {
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (thread == child) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int signal = WSTOPSIG(status);
        enum __ptrace_request go_on = PTRACE_CONT;
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
            unsigned long call = 0;
            ptrace(PTRACE_GETEVENTMSG, thread, 0, &call);
            int strike = ++met == n || (met > n && !strcmp(mode, "fail-from"));
            if (met == n) struck = CALLS[call].name;
            if (strike && error) refuse(thread, error);
            if (strike && !strcmp(mode, "before")) kill(child, SIGKILL);
            if (strike && !strcmp(mode, "after")) go_on = PTRACE_SYSCALL;
            signal = 0;
        } else if (signal == (SIGTRAP | 0x80)) {
            kill(child, SIGKILL);
            signal = 0;
        } else if (status >> 16 || signal == SIGSTOP || signal == SIGTRAP) {
            signal = 0;
        }
        ptrace(go_on, thread, 0, signal);
    }
    FILE *out = fopen(file, "w");
    if (!out || fprintf(out, "%ld %s\n", met, struck) < 0 || fclose(out)) die(file);
    return code;
}
