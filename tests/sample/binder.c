// SPDX-License-Identifier: GPL-2.0
/*
 * Rust binder closes the files of a buffer (BINDER_TYPE_FDA) when its receiver frees it, and drops
 * the last references when the receiver's thread returns to user space. Only a real process can see
 * that: each file is the write end of a pipe, whose read end tells without waiting whether any
 * reference is left. Needs nothing but a kernel with Rust binder, and the right to mount.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/android/binder.h>
#include <linux/android/binderfs.h>
#include <linux/mount.h>

#define FDS 3
#define ROUNDS 200
#define LIMIT 60 /* seconds for one scenario, which needs ten where all is emulated */
#define MAPPED (128 * 1024)
#define RUST_BINDERFS_MAGIC 0x6c6f6f71

/* A receiver and what it is given: first the write ends of `pipes` pipes, then other fds. */
struct round {
	struct binderfs_device device;
	int binder;
	void *mapped;
	size_t pipes, n;
	int reader[FDS];
	__u32 given[FDS], got[FDS];
	binder_uintptr_t buffer;
	size_t read_too; /* bytes that the ioctl that frees the buffer has room for */
};

static struct counts {
	int passed, failed;
} *counts; /* shared by all processes */
static int binderfs;
static const char *scenario;
static bool quiet;

static bool check(bool ok, const char *what)
{
	if (ok && quiet)
		return ok;
	printf("  %s: %s: %s\n", ok ? "ok" : "FAIL", scenario, what);
	if (ok)
		counts->passed++;
	else
		counts->failed++;
	return ok;
}

/* For what has to work before anything can be checked. */
static void need(bool ok, const char *what)
{
	char text[200];

	if (ok)
		return;
	snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
	check(false, text);
	exit(1);
}

static pid_t start(void)
{
	pid_t pid = fork();

	need(pid >= 0, "fork");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* Nothing to read, and somebody could still write. */
static bool has_writer(int reader)
{
	return poll(&(struct pollfd){ .fd = reader, .events = POLLIN }, 1, 0) == 0;
}

static bool at_eof(int reader)
{
	struct pollfd p = { .fd = reader, .events = POLLIN };
	char byte;

	return poll(&p, 1, 0) == 1 && p.revents == POLLHUP && read(reader, &byte, 1) == 0;
}

static bool all(struct round *r, bool (*is)(int reader))
{
	for (size_t i = 0; i < r->pipes; i++)
		if (!is(r->reader[i]))
			return false;
	return true;
}

static int mount_binderfs(void)
{
	int context = syscall(SYS_fsopen, "binder", FSOPEN_CLOEXEC);

	/* Mounted nowhere: no directory has to exist or stays behind, and no mount is in the way. */
	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	return syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
}

static void open_device(struct round *r)
{
	r->binder = openat(binderfs, r->device.name, O_RDWR | O_CLOEXEC);
	need(r->binder >= 0, "opening a binder device");
	r->mapped = mmap(NULL, MAPPED, PROT_READ, MAP_PRIVATE, r->binder, 0);
	need(r->mapped != MAP_FAILED, "mapping a binder device");
}

static ssize_t talk(int binder, const void *out, size_t size, void *in, size_t room)
{
	struct binder_write_read wr = {
		.write_size = size,
		.write_buffer = (uintptr_t)out,
		.read_size = room,
		.read_buffer = (uintptr_t)in,
	};

	return ioctl(binder, BINDER_WRITE_READ, &wr) ? -1 : (ssize_t)wr.read_consumed;
}

/* A device of its own keeps a receiver apart from one that is still being torn down. */
static void become_manager(struct round *r)
{
	struct flat_binder_object manager = {
		.hdr.type = BINDER_TYPE_BINDER,
		.flags = FLAT_BINDER_FLAG_ACCEPTS_FDS,
	};
	__u32 enter = BC_ENTER_LOOPER; /* Only a looper is given what is sent to its process. */
	int control = openat(binderfs, "binder-control", O_RDONLY | O_CLOEXEC);

	snprintf(r->device.name, sizeof(r->device.name), "test-%d", getpid());
	need(control >= 0 && !ioctl(control, BINDER_CTL_ADD, &r->device), "adding a binder device");
	close(control);
	open_device(r);
	need(!ioctl(r->binder, BINDER_SET_CONTEXT_MGR_EXT, &manager), "becoming context manager");
	need(!talk(r->binder, &enter, sizeof(enter), NULL, 0), "BC_ENTER_LOOPER");
}

/* Sends a command, if there is one, and reads until `wanted` comes. Returns what came with it. */
static struct binder_transaction_data exchange(int binder, const void *out, size_t size, __u32 wanted)
{
	struct binder_transaction_data data = {};
	__u8 in[512];

	for (;;) {
		ssize_t n = talk(binder, out, size, in, sizeof(in)), at = 0;
		__u32 code;

		need(n >= 0, "BINDER_WRITE_READ");
		for (size = 0; at < n; at += sizeof(code) + _IOC_SIZE(code)) {
			memcpy(&code, in + at, sizeof(code));
			if (code == wanted) {
				if (_IOC_SIZE(code) == sizeof(data))
					memcpy(&data, in + at + sizeof(code), sizeof(data));
				return data;
			}
			errno = EPROTO;
			need(code != BR_DEAD_REPLY && code != BR_FAILED_REPLY, "a transaction");
		}
	}
}

static void call_manager(struct round *r, __u32 wanted)
{
	/* The array of fds is a buffer of its own, which the transaction points to. */
	struct {
		struct binder_buffer_object array;
		struct binder_fd_array_object fds;
	} data = {
		.array.hdr.type = BINDER_TYPE_PTR,
		.array.buffer = (uintptr_t)r->given,
		.array.length = r->n * sizeof(r->given[0]),
		.fds.hdr.type = BINDER_TYPE_FDA,
		.fds.num_fds = r->n,
	};
	binder_size_t offsets[] = { 0, sizeof(data.array) };
	struct {
		__u32 command;
		struct binder_transaction_data_sg sg;
	} __attribute__((packed)) out = {
		.command = BC_TRANSACTION_SG,
		.sg.transaction_data = {
			.flags = TF_ACCEPT_FDS,
			.data_size = sizeof(data),
			.offsets_size = sizeof(offsets),
			.data.ptr = { (uintptr_t)&data, (uintptr_t)offsets },
		},
		.sg.buffers_size = 8 * FDS, /* enough, and a multiple of 8 */
	};

	exchange(r->binder, &out, sizeof(out), wanted);
}

static void make_pipes(struct round *r, size_t pipes)
{
	int ends[2];

	for (r->pipes = 0; r->pipes < pipes; r->pipes++) {
		need(!pipe2(ends, O_CLOEXEC | O_NONBLOCK), "pipe");
		r->reader[r->pipes] = ends[0];
		r->given[r->pipes] = ends[1];
	}
	r->n = pipes;
}

/* Afterwards nobody but the receiver has the write ends: the sender is gone with all it held. */
static void receive(struct round *r)
{
	struct {
		__u32 command;
		struct binder_transaction_data reply;
	} __attribute__((packed)) out = { .command = BC_REPLY };
	struct binder_transaction_data data;
	pid_t sender = start();
	bool open = true;
	int status;
	char byte;

	if (!sender) {
		open_device(r);
		call_manager(r, BR_REPLY);
		for (size_t i = 0; i < r->pipes; i++)
			if (read(r->reader[i], &byte, 1) != 1 || byte != (char)('a' + i))
				_exit(1);
		_exit(0);
	}
	for (size_t i = 0; i < r->pipes; i++)
		close(r->given[i]);
	data = exchange(r->binder, NULL, 0, BR_TRANSACTION);
	r->buffer = data.data.ptr.buffer;
	memcpy(r->got, (void *)(uintptr_t)((struct binder_buffer_object *)(uintptr_t)r->buffer)->buffer,
	       r->n * sizeof(r->got[0]));
	for (size_t i = 0; i < r->pipes; i++) {
		byte = 'a' + i;
		open &= write(r->got[i], &byte, 1) == 1;
	}
	check(open, "the fds can be written to");
	exchange(r->binder, &out, sizeof(out), BR_TRANSACTION_COMPLETE);
	need(waitpid(sender, &status, 0) == sender, "waiting for the sender");
	check(!status, "what was written arrived at the sender");
	check(all(r, has_writer), "the files are open before the buffer is freed");
}

static void free_buffer(struct round *r)
{
	struct {
		__u32 command;
		binder_uintptr_t buffer;
	} __attribute__((packed)) out = { BC_FREE_BUFFER, r->buffer };
	__u32 in[64];
	/* Who frees and waits for work at once must return: only then are the files released. */
	ssize_t n = talk(r->binder, &out, sizeof(out), in, r->read_too);
	bool closed = true;

	check(n == (r->read_too ? (ssize_t)sizeof(in[0]) : 0), "the ioctl that frees the buffer returns");
	for (size_t i = 0; i < r->n; i++)
		closed &= fcntl(r->got[i], F_GETFD) < 0 && errno == EBADF;
	check(closed, "the fds are closed");
}

static void *release(void *r)
{
	free_buffer(r);
	check(all(r, at_eof), "no reference to the files is left");
	return NULL;
}

static void plain(struct round *r)
{
	make_pipes(r, FDS);
	receive(r);
	release(r);
}

static void reading_too(struct round *r)
{
	r->read_too = 256;
	plain(r);
}

static void other_thread(struct round *r)
{
	pthread_t thread;

	make_pipes(r, FDS);
	receive(r);
	need(!pthread_create(&thread, NULL, release, r), "creating a thread");
	pthread_join(thread, NULL);
}

static void one_closed_before(struct round *r)
{
	make_pipes(r, FDS);
	receive(r);
	check(!close(r->got[1]) && at_eof(r->reader[1]), "the receiver can close an fd itself");
	check(has_writer(r->reader[0]) && has_writer(r->reader[2]), "the others stay open");
	release(r);
}

/* One file behind three fds, of which binder knows two: it must drop two references and no more. */
static void same_file(struct round *r)
{
	char byte = 0;
	int kept;

	make_pipes(r, 1);
	r->given[r->n++] = r->given[0];
	receive(r);
	check(r->got[0] != r->got[1] && !fcntl(r->got[0], F_SETFL, 0) &&
	      !(fcntl(r->got[1], F_GETFL) & O_NONBLOCK), "two fds share one file");
	kept = dup(r->got[0]);
	free_buffer(r);
	check(has_writer(r->reader[0]) && write(kept, "k", 1) == 1 &&
	      read(r->reader[0], &byte, 1) == 1 && byte == 'k', "a third fd of the file still works");
	check(!close(kept) && at_eof(r->reader[0]), "the file goes with the third fd");
}

/*
 * What the deferral is for: the fd that is closed is the one that the running ioctl was called on,
 * and the last of its file.
 */
static void own_fd(struct round *r)
{
	struct round next = { .device = r->device };

	make_pipes(r, 1);
	r->given[r->n++] = r->binder;
	receive(r);
	need(!munmap(r->mapped, MAPPED) && !close(r->binder), "letting go of binder");
	r->binder = r->got[1];
	release(r);
	/* The context manager goes with its file, which may take a moment; a leaked one never answers. */
	open_device(&next);
	call_manager(&next, BR_DEAD_REPLY);
	check(true, "no reference to the file of binder is left");
}

static void receiver_dies(struct round *r)
{
	pid_t receiver;

	make_pipes(r, FDS);
	receiver = start();
	if (!receiver) {
		become_manager(r);
		receive(r);
		raise(SIGKILL);
	}
	for (size_t i = 0; i < r->pipes; i++)
		close(r->given[i]);
	need(waitpid(receiver, NULL, 0) == receiver, "waiting for the receiver");
	for (int i = 0; i < 500 && !all(r, at_eof); i++)
		usleep(10000);
	check(all(r, at_eof), "the files go with the receiver");
}

static void many_rounds(struct round *r)
{
	int before = dup(r->binder), failed = counts->failed;

	close(before);
	quiet = true;
	for (int i = 0; i < ROUNDS && counts->failed == failed; i++) {
		plain(r);
		for (size_t j = 0; j < r->pipes; j++)
			close(r->reader[j]);
	}
	quiet = false;
	check(counts->failed == failed, "the same again and again");
	check(dup(r->binder) == before, "no fd is left over");
}

static void run(const char *name, void (*body)(struct round *r))
{
	static bool hung;
	char text[64];
	int status = 0;
	pid_t pid;

	if (hung)
		return; /* One time limit is enough to wait for. */
	scenario = name;
	pid = start();
	if (!pid) {
		struct round r = {};

		if (body != receiver_dies)
			become_manager(&r);
		body(&r);
		exit(0);
	}
	alarm(LIMIT);
	if (waitpid(pid, &status, 0) != pid) {
		snprintf(text, sizeof(text), "hangs: no end within %d seconds", LIMIT);
		hung = !check(false, text);
		kill(pid, SIGKILL); /* and not waited for: it may be stuck in the kernel */
	} else if (status) {
		snprintf(text, sizeof(text), "ended with wait status %#x", status);
		check(false, text);
	}
	alarm(0);
}

static void on_alarm(int signal)
{
	(void)signal; /* It ends a waitpid(). */
}

int main(void)
{
	struct sigaction interrupt = { .sa_handler = on_alarm };
	struct statfs fs;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGCHLD, SIG_DFL); /* Children are to be waited for, whatever our caller has set. */
	sigaction(SIGALRM, &interrupt, NULL);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		return 1;
	scenario = "binderfs";
	binderfs = mount_binderfs();
	if (check(binderfs >= 0, binderfs < 0 ? strerror(errno) : "can be mounted") &&
	    check(!fstatfs(binderfs, &fs) && fs.f_type == RUST_BINDERFS_MAGIC, "is that of Rust binder")) {
		run("plain", plain);
		run("reading too", reading_too);
		run("other thread", other_thread);
		run("one closed before", one_closed_before);
		run("same file", same_file);
		run("receiver dies", receiver_dies);
		run("many rounds", many_rounds);
		run("own fd", own_fd);
	}
	printf("binder: %d passed, %d failed\n", counts->passed, counts->failed);
	return counts->failed != 0;
}
