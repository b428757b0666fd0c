/*
 * Preloaded into user-mode Linux, so that it runs on processors whose registers take more room than it has.
 *
 * It keeps a process' registers (PTRACE_GETREGSET) in 2696 bytes, which is all that AVX-512 needs, and puts them back with as many. Linux takes all or nothing: where
 * the processor has AMX too (Intel since 2023, 11008 bytes) it says EFAULT, and the first process of the user-mode Linux dies. Here what is put back is made whole:
 * what lies beyond are the tiles of AMX, which nobody in there uses, as they have to be asked for.
 */
#define PTRACE_GETREGSET 0x4204
#define PTRACE_SETREGSET 0x4205
#define NT_X86_XSTATE 0x202
#define SYS_ptrace 101

/* Of the XSAVE area: where its header begins with a bit for each kind of register that is kept, and the bits of AMX. */
#define XFEATURES 512
#define XFEATURES_AMX (3ul << 17)

struct iovec {
	void *base;
	unsigned long length;
};

long syscall(long number, ...);

/* Bytes that Linux keeps here; unknown before the first use. User-mode Linux has one thread that traces. */
static unsigned long size;
static unsigned long all[2048];

static long set_all(int pid, const struct iovec *kept)
{
	struct iovec whole = { all, sizeof all };
	unsigned char *to = (unsigned char *)all;
	unsigned long i;

	if (!size) {
		if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &whole) < 0)
			return -1;
		size = whole.length;
	}
	if (kept->length >= size)
		return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, kept);
	whole.length = size;
	for (i = 0; i < kept->length; i++)
		to[i] = ((unsigned char *)kept->base)[i];
	for (; i < size; i++)
		to[i] = 0;
	all[XFEATURES / sizeof *all] &= ~XFEATURES_AMX;
	return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &whole);
}

/* In place of the C library's, which gives what it has peeked at as its result. */
long ptrace(int request, int pid, void *address, void *data)
{
	long word, done;

	if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE)
		return set_all(pid, data);
	if (request >= 1 && request <= 3) {
		done = syscall(SYS_ptrace, request, pid, address, &word);
		return done < 0 ? done : word;
	}
	return syscall(SYS_ptrace, request, pid, address, data);
}
