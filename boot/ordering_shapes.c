/*
 * The table of shapes and verdicts. Constant.
 *
 * A verdict is that of the machine's official model (x86-TSO, aarch64.cat, riscv.cat) for the
 * instructions that the row becomes there, as herd7 7.58 gives it for the litmus test that is
 * named; names are those of herdtools' generator diyone7, e.g. AArch64/SB+dmb.sys. It is not what
 * the kernel promises: smp_fence_release() keeps no store before a later load, though AArch64's
 * does.
 *
 * FORBIDDEN and ALLOWED name the very test. Instructions that differ in name only count as the
 * same: dmb ish is dmb.sy to a model with one shareability domain, a locked instruction or xchg an
 * mfence for normal memory, an acquiring load of RISC-V load; fence r,rw, a releasing store fence
 * rw,w; store. FORBIDDEN_CF and ALLOWED_CF name a test that settles the row: one with more order
 * that is allowed still, one with less that is forbidden already, one whose fence is the same
 * between the accesses of this shape (fence.tso between two stores is fence w,w; dmb.ld behind a
 * load is an ldar), or one that has this shape in it: ISA2 chains two stores with two loads as MP
 * does.
 *
 * Rows of one family stand together; in each the one without means comes first.
 */
#include <boot/ordering_steps.h>
#include <lib/bits.h>

#define FORBIDDEN(name)                                                                            \
	{                                                                                          \
		.forbidden = true, .exact = true, .litmus = (name)                                 \
	}
#define FORBIDDEN_CF(name)                                                                         \
	{                                                                                          \
		.forbidden = true, .exact = false, .litmus = (name)                                \
	}
#define ALLOWED(name)                                                                              \
	{                                                                                          \
		.forbidden = false, .exact = true, .litmus = (name)                                \
	}
#define ALLOWED_CF(name)                                                                           \
	{                                                                                          \
		.forbidden = false, .exact = false, .litmus = (name)                               \
	}

#define X ORDERING_X
#define Y ORDERING_Y

/* Store buffering: both CPUs load before the other's store has arrived. */
static const struct ordering_family sb = {
	.name = "SB",
	.program = "x=1; r0=y | y=1; r0=x",
	.cpus = 2,
	.places = { { X, Y, 1 }, { Y, X, 1 } },
	.observed_count = 2,
	.observed = { ORDERING_READ(0, 0), ORDERING_READ(1, 0) },
	.weak = { 0, 0 },
};

/* Message passing: the flag y has arrived, the message x has not. */
static const struct ordering_family mp = {
	.name = "MP",
	.program = "x=1; y=1 | r0=y; r1=x",
	.cpus = 2,
	.places = { { X, Y, 1 }, { Y, X, 0 } },
	.observed_count = 2,
	.observed = { ORDERING_READ(1, 0), ORDERING_READ(1, 1) },
	.weak = { 1, 0 },
};

/* Load buffering: each CPU loads what the other stores after its own load. */
static const struct ordering_family lb = {
	.name = "LB",
	.program = "r0=x; y=1 | r0=y; x=1",
	.cpus = 2,
	.places = { { X, Y, 0 }, { Y, X, 0 } },
	.observed_count = 2,
	.observed = { ORDERING_READ(0, 0), ORDERING_READ(1, 0) },
	.weak = { 1, 1 },
};

/* S: the flag y has been seen, and yet the store behind it is overwritten by the one before it. */
static const struct ordering_family s = {
	.name = "S",
	.program = "x=2; y=1 | r0=y; x=1",
	.cpus = 2,
	.places = { { X, Y, 2 }, { Y, X, 0 } },
	.observed_count = 2,
	.observed = { ORDERING_FINAL(X), ORDERING_READ(1, 0) },
	.weak = { 2, 1 },
};

/* R: y=2 is the later store to y, and yet the load behind it misses x=1. */
static const struct ordering_family r = {
	.name = "R",
	.program = "x=1; y=1 | y=2; r0=x",
	.cpus = 2,
	.places = { { X, Y, 1 }, { Y, X, 2 } },
	.observed_count = 2,
	.observed = { ORDERING_FINAL(Y), ORDERING_READ(1, 0) },
	.weak = { 2, 0 },
};

/* 2+2W: of each CPU the first store is the one that stays. */
static const struct ordering_family two_plus_two_w = {
	.name = "2+2W",
	.program = "x=2; y=1 | y=2; x=1",
	.cpus = 2,
	.places = { { X, Y, 2 }, { Y, X, 2 } },
	.observed_count = 2,
	.observed = { ORDERING_FINAL(X), ORDERING_FINAL(Y) },
	.weak = { 2, 2 },
};

/* Write-to-read causality: CPU 2 learns of CPU 1's store and not of the one that CPU 1 has seen. */
static const struct ordering_family wrc = {
	.name = "WRC",
	.program = "x=1 | r0=x; y=1 | r0=y; r1=x",
	.cpus = 3,
	.places = { { X, X, 1 }, { X, Y, 0 }, { Y, X, 0 } },
	.observed_count = 3,
	.observed = { ORDERING_READ(1, 0), ORDERING_READ(2, 0), ORDERING_READ(2, 1) },
	.weak = { 1, 1, 0 },
};

/* Independent reads of independent writes: two readers disagree about which store came first. */
static const struct ordering_family iriw = {
	.name = "IRIW",
	.program = "x=1 | r0=x; r1=y | y=1 | r0=y; r1=x",
	.cpus = 4,
	.places = { { X, X, 1 }, { X, Y, 0 }, { Y, Y, 1 }, { Y, X, 0 } },
	.observed_count = 4,
	.observed = { ORDERING_READ(1, 0), ORDERING_READ(1, 1), ORDERING_READ(3, 0),
		      ORDERING_READ(3, 1) },
	.weak = { 1, 0, 1, 0 },
};

/* Coherence: one location never goes back from new to old, no fence needed. */
static const struct ordering_family corr = {
	.name = "CoRR",
	.program = "x=1 | r0=x; r1=x",
	.cpus = 2,
	.places = { { X, X, 1 }, { X, X, 0 } },
	.observed_count = 2,
	.observed = { ORDERING_READ(1, 0), ORDERING_READ(1, 1) },
	.weak = { 1, 0 },
};

/* Coherence: of two stores of one CPU the later stays; the other CPU's loads keep the line shared.
 */
static const struct ordering_family coww = {
	.name = "CoWW",
	.program = "x=2; x=1 | r0=x; r1=x",
	.cpus = 2,
	.places = { { X, X, 2 }, { X, X, 0 } },
	.observed_count = 1,
	.observed = { ORDERING_FINAL(X) },
	.weak = { 2 },
};

const struct ordering_shape ordering_shapes[] = {
	{ &sb,
	  "nothing",
	  { ordering_store_load, ordering_store_load },
	  { ALLOWED_CF("SB+mfence+po"), ALLOWED_CF("SB+dmb.sy+po"),
	    ALLOWED_CF("SB+fence.rw.rw+po") } },
	{ &sb,
	  "smp_rmb()",
	  { ordering_store_smp_rmb_load, ordering_store_smp_rmb_load },
	  { ALLOWED_CF("SB+mfence+po"), ALLOWED("SB+dmb.lds"), ALLOWED_CF("SB+fence.r.rws") } },
	{ &sb,
	  "smp_wmb()",
	  { ordering_store_smp_wmb_load, ordering_store_smp_wmb_load },
	  { ALLOWED_CF("SB+mfence+po"), ALLOWED("SB+dmb.sts"), ALLOWED_CF("SB+fence.tsos") } },
	{ &sb,
	  "smp_fence_acquire()",
	  { ordering_store_fence_acquire_load, ordering_store_fence_acquire_load },
	  { ALLOWED_CF("SB+mfence+po"), ALLOWED("SB+dmb.lds"), ALLOWED("SB+fence.r.rws") } },
	{ &sb,
	  "smp_fence_release()",
	  { ordering_store_fence_release_load, ordering_store_fence_release_load },
	  { ALLOWED_CF("SB+mfence+po"), FORBIDDEN("SB+dmb.sys"), ALLOWED_CF("SB+fence.tsos") } },
	{ &sb,
	  "smp_fence_acq_rel()",
	  { ordering_store_fence_acq_rel_load, ordering_store_fence_acq_rel_load },
	  { ALLOWED_CF("SB+mfence+po"), FORBIDDEN("SB+dmb.sys"), ALLOWED("SB+fence.tsos") } },
	{ &sb,
	  "release, acquire",
	  { ordering_store_release_load_acquire, ordering_store_release_load_acquire },
	  { ALLOWED_CF("SB+mfence+po"), FORBIDDEN("SB+relacq"), ALLOWED_CF("SB+fence.rw.rw+po") } },
	{ &sb,
	  "smp_mb()",
	  { ordering_store_smp_mb_load, ordering_store_smp_mb_load },
	  { FORBIDDEN("SB+mfences"), FORBIDDEN("SB+dmb.sys"), FORBIDDEN("SB+fence.rw.rws") } },
	{ &sb,
	  "smp_fence_seq_cst()",
	  { ordering_store_fence_seq_cst_load, ordering_store_fence_seq_cst_load },
	  { FORBIDDEN("SB+mfences"), FORBIDDEN("SB+dmb.sys"), FORBIDDEN("SB+fence.rw.rws") } },
	{ &sb,
	  "seq_cst accesses",
	  { ordering_store_load_seq_cst, ordering_store_load_seq_cst },
	  { FORBIDDEN("SB+mfences"), FORBIDDEN("SB+relacq"), FORBIDDEN("SB+fence.rw.rws") } },
	{ &sb,
	  "mb()",
	  { ordering_store_mb_load, ordering_store_mb_load },
	  { FORBIDDEN("SB+mfences"), FORBIDDEN("SB+dsb.sys"), FORBIDDEN_CF("SB+fence.rw.rws") } },
	{ &sb,
	  "a spinlock around",
	  { ordering_store_load_locked, ordering_store_load_locked },
	  { FORBIDDEN("(exclusion)"), FORBIDDEN("(exclusion)"), FORBIDDEN("(exclusion)") } },

	{ &mp,
	  "nothing",
	  { ordering_store_store, ordering_load_load },
	  { FORBIDDEN_CF("ISA2+pos"), ALLOWED_CF("MP+dmb.sy+po"), ALLOWED_CF("MP+fence.w.w+po") } },
	{ &mp,
	  "smp_wmb(), smp_rmb()",
	  { ordering_store_smp_wmb_store, ordering_load_smp_rmb_load },
	  { FORBIDDEN_CF("ISA2+pos"), FORBIDDEN("MP+dmb.stld"), FORBIDDEN_CF("MP+fence.tsos") } },
	{ &mp,
	  "release, acq. fences",
	  { ordering_store_fence_release_store, ordering_load_fence_acquire_load },
	  { FORBIDDEN_CF("ISA2+pos"), FORBIDDEN_CF("MP+dmb.stld"), FORBIDDEN("MP+fence.relacq") } },
	{ &mp,
	  "release, acquire",
	  { ordering_store_store_release, ordering_load_acquire_load },
	  { FORBIDDEN_CF("ISA2+pos"), FORBIDDEN_CF("MP+popl+poqp"),
	    FORBIDDEN("MP+fence.relacq") } },
	{ &mp,
	  "smp_mb()",
	  { ordering_store_smp_mb_store, ordering_load_smp_mb_load },
	  { FORBIDDEN_CF("ISA2+pos"), FORBIDDEN_CF("MP+dmb.stld"), FORBIDDEN("MP+fence.rw.rws") } },

	{ &lb,
	  "nothing",
	  { ordering_load_store, ordering_load_store },
	  { FORBIDDEN("LB+pos"), ALLOWED("LB+pos"), ALLOWED("LB+pos") } },
	{ &lb,
	  "smp_fence_acquire()",
	  { ordering_load_fence_acquire_store, ordering_load_fence_acquire_store },
	  { FORBIDDEN("LB+pos"), FORBIDDEN("LB+dmb.stld"), FORBIDDEN("LB+fence.relacq") } },
	{ &lb,
	  "acquire",
	  { ordering_load_acquire_store, ordering_load_acquire_store },
	  { FORBIDDEN("LB+pos"), FORBIDDEN_CF("LB+dmb.stld"), FORBIDDEN("LB+fence.relacq") } },
	{ &lb,
	  "smp_mb()",
	  { ordering_load_smp_mb_store, ordering_load_smp_mb_store },
	  { FORBIDDEN("LB+mfences"), FORBIDDEN("LB+dmb.sys"), FORBIDDEN("LB+fence.rw.rws") } },

	{ &s,
	  "nothing",
	  { ordering_store_store, ordering_load_store },
	  { FORBIDDEN("S+pos"), ALLOWED("S+pos"), ALLOWED("S+pos") } },
	{ &s,
	  "smp_wmb(), acq. fence",
	  { ordering_store_smp_wmb_store, ordering_load_fence_acquire_store },
	  { FORBIDDEN("S+pos"), FORBIDDEN("S+dmb.stld"), FORBIDDEN_CF("S+fence.min") } },
	{ &s,
	  "release, acquire",
	  { ordering_store_store_release, ordering_load_acquire_store },
	  { FORBIDDEN("S+pos"), FORBIDDEN_CF("S+dmb.stld"), FORBIDDEN("S+fence.relacq") } },
	{ &s,
	  "smp_mb()",
	  { ordering_store_smp_mb_store, ordering_load_smp_mb_store },
	  { FORBIDDEN("S+mfences"), FORBIDDEN("S+dmb.sys"), FORBIDDEN_CF("S+fence.min") } },

	{ &r,
	  "nothing",
	  { ordering_store_store, ordering_store_load },
	  { ALLOWED_CF("R+mfence+po"), ALLOWED_CF("R+relacqpc"), ALLOWED_CF("R+fence.tsos") } },
	{ &r,
	  "smp_fence_acq_rel()",
	  { ordering_store_fence_acq_rel_store, ordering_store_fence_acq_rel_load },
	  { ALLOWED_CF("R+mfence+po"), FORBIDDEN_CF("R+dmb.stld"), ALLOWED("R+fence.tsos") } },
	{ &r,
	  "smp_mb()",
	  { ordering_store_smp_mb_store, ordering_store_smp_mb_load },
	  { FORBIDDEN("R+mfences"), FORBIDDEN_CF("R+dmb.stld"), FORBIDDEN_CF("LKMM/R+mbs") } },

	{ &two_plus_two_w,
	  "nothing",
	  { ordering_store_store, ordering_store_store },
	  { FORBIDDEN("2+2W+pos"), ALLOWED("2+2W+pos"), ALLOWED("2+2W+pos") } },
	{ &two_plus_two_w,
	  "smp_wmb()",
	  { ordering_store_smp_wmb_store, ordering_store_smp_wmb_store },
	  { FORBIDDEN("2+2W+pos"), FORBIDDEN("2+2W+dmb.stld"), FORBIDDEN_CF("2+2W+fence.tsos") } },
	{ &two_plus_two_w,
	  "release",
	  { ordering_store_store_release, ordering_store_store_release },
	  { FORBIDDEN("2+2W+pos"), FORBIDDEN_CF("2+2W+dmb.stld"),
	    FORBIDDEN_CF("2+2W+fence.tsos") } },
	{ &two_plus_two_w,
	  "smp_mb()",
	  { ordering_store_smp_mb_store, ordering_store_smp_mb_store },
	  { FORBIDDEN("2+2W+mfences"), FORBIDDEN("2+2W+dmb.sys"),
	    FORBIDDEN("2+2W+fence.rw.rws") } },

	{ &wrc,
	  "nothing",
	  { ordering_store, ordering_load_store, ordering_load_load },
	  { FORBIDDEN("WRC+pos"), ALLOWED("WRC+pos"), ALLOWED("WRC+pos") } },
	{ &wrc,
	  "smp_fence_acquire()",
	  { ordering_store, ordering_load_fence_acquire_store, ordering_load_fence_acquire_load },
	  { FORBIDDEN("WRC+pos"), FORBIDDEN("WRC+dmb.stld"), FORBIDDEN("WRC+fence.relacq") } },
	{ &wrc,
	  "acquire",
	  { ordering_store, ordering_load_acquire_store, ordering_load_acquire_load },
	  { FORBIDDEN("WRC+pos"), FORBIDDEN_CF("WRC+dmb.stld"), FORBIDDEN("WRC+fence.relacq") } },
	{ &wrc,
	  "smp_mb()",
	  { ordering_store, ordering_load_smp_mb_store, ordering_load_smp_mb_load },
	  { FORBIDDEN_CF("WRC+pos"), FORBIDDEN("WRC+dmb.sys"), FORBIDDEN("WRC+fence.rw.rws") } },

	{ &iriw,
	  "nothing",
	  { ordering_store, ordering_load_load, ordering_store, ordering_load_load },
	  { FORBIDDEN("IRIW+pos"), ALLOWED("IRIW+pos"), ALLOWED("IRIW+pos") } },
	{ &iriw,
	  "smp_rmb()",
	  { ordering_store, ordering_load_smp_rmb_load, ordering_store,
	    ordering_load_smp_rmb_load },
	  { FORBIDDEN("IRIW+pos"), FORBIDDEN("IRIW+dmb.stld"), FORBIDDEN("IRIW+fence.min") } },
	{ &iriw,
	  "acquire",
	  { ordering_store, ordering_load_acquire_load, ordering_store,
	    ordering_load_acquire_load },
	  { FORBIDDEN("IRIW+pos"), FORBIDDEN_CF("IRIW+relacqpc"),
	    FORBIDDEN_CF("IRIW+fence.min") } },
	{ &iriw,
	  "smp_mb()",
	  { ordering_store, ordering_load_smp_mb_load, ordering_store, ordering_load_smp_mb_load },
	  { FORBIDDEN_CF("IRIW+pos"), FORBIDDEN_CF("IRIW+dmb.stld"),
	    FORBIDDEN("IRIW+fence.rw.rws") } },

	{ &corr,
	  "nothing",
	  { ordering_store, ordering_load_load },
	  { FORBIDDEN("CoRR"), FORBIDDEN("CoRR"), FORBIDDEN("CoRR") } },
	{ &coww,
	  "nothing",
	  { ordering_store_store, ordering_load_load },
	  { FORBIDDEN_CF("CoWW"), FORBIDDEN_CF("CoWW"), FORBIDDEN_CF("CoWW") } },
};

const size_t ordering_shape_count = ARRAY_SIZE(ordering_shapes);
