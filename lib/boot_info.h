/*
 * What the machine told us about itself.
 *
 * Every way in (UEFI loader, PVH, Linux Image header, OpenSBI) ends in one struct boot_info, and
 * nothing after kernel_main() knows which it was. It is filled in two steps: the entry protocol
 * gives the memory map, the command line, the ramdisk and the root of the hardware description;
 * boot/fdt.c or boot/acpi.c then reads CPUs and devices out of that description. After boot it is
 * constant and may be read from any context.
 *
 * The GNU-EFI loader includes this file too: fixed-width types only, no pointers, only physical
 * addresses.
 */
#ifndef LIB_BOOT_INFO_H
#define LIB_BOOT_INFO_H

#include <stdint.h>

#define CPU_MAX 64
#define BOOT_MEMORY_RANGES_MAX 512
#define BOOT_COMMAND_LINE_MAX 1024
#define BOOT_IOAPICS_MAX 8
#define BOOT_ISA_IRQS 16
#define BOOT_GIC_REDISTRIBUTORS_MAX 8

/*
 * "TREFOIL1" as a little-endian number; the loader and the kernel were built together when it and
 * the size agree.
 */
#define BOOT_INFO_MAGIC 0x314c494f46455254ULL

/*
 * How the kernel was entered: the first argument of kernel_start(), and what its second argument
 * points to.
 */
enum boot_protocol {
	BOOT_PROTOCOL_PVH = 1,       /* struct hvm_start_info (QEMU -kernel on x86_64) */
	BOOT_PROTOCOL_FDT = 2,       /* a flattened device tree (Linux Image header, OpenSBI) */
	BOOT_PROTOCOL_BOOT_INFO = 3, /* a struct boot_info (our UEFI loader) */
};

enum memory_kind {
	MEMORY_USABLE = 1,      /* free RAM */
	MEMORY_RESERVED = 2,    /* firmware's or a device's for ever: never touched, never mapped as
				   memory */
	MEMORY_ACPI = 3,        /* RAM that holds ACPI tables */
	MEMORY_KERNEL = 4,      /* the kernel image, as loaded */
	MEMORY_RAMDISK = 5,     /* the initial ramdisk */
	MEMORY_DESCRIPTION = 6, /* the device tree blob, and the loader's boot information */
	MEMORY_EARLY = 7,       /* handed out by mm/early_alloc.c */
};

/*
 * One range of physical memory, in bytes; base and size need not be page-aligned when they come
 * from outside.
 */
struct memory_range {
	uint64_t base;
	uint64_t size;
	uint32_t kind; /* enum memory_kind */
	uint32_t zero; /* keeps the layout the same for every compiler */
};

/* A window of physical addresses; size 0 means "this machine has none". */
struct physical_window {
	uint64_t base;
	uint64_t size;
};

/* CPU 0 is the one that booted. hardware_id: local APIC id, MPIDR affinity fields, hart id. */
struct cpu_description {
	uint64_t hardware_id;
	uint32_t acpi_uid;          /* x86_64: for messages only */
	uint32_t interrupt_context; /* RISC-V: the PLIC context of this hart's S-mode; UINT32_MAX:
				       none */
};

enum uart_kind {
	UART_NONE = 0,
	UART_NS16550_PORT = 1, /* x86 I/O ports */
	UART_NS16550_MMIO = 2,
	UART_PL011 = 3,
};

/*
 * The console. interrupt is a line number of the machine's interrupt controller: GSI, INTID, PLIC
 * source.
 */
struct uart_description {
	struct physical_window registers; /* or an I/O port number and count */
	uint32_t kind;                    /* enum uart_kind */
	uint32_t interrupt;               /* UINT32_MAX: none known */
	uint32_t register_shift;          /* registers stand 1 << shift bytes apart */
	uint32_t clock_hz;                /* 0: unknown, leave the rate as the firmware set it */
};

struct ioapic_description {
	uint64_t base;
	uint32_t id;
	uint32_t first_gsi;
};

/* How an ISA interrupt reaches the I/O APIC: ACPI 6.5, 5.2.12.5 interrupt source override. */
struct isa_interrupt {
	uint32_t gsi;
	uint8_t active_low;
	uint8_t level_triggered;
	uint8_t zero[2];
};

/* ACPI 6.5, 5.2.3.2 generic address structure, as far as a reset register needs it. */
struct acpi_register {
	uint64_t address;
	uint8_t space; /* 0 memory, 1 I/O port, 2 PCI configuration */
	uint8_t value; /* what to write to reset */
	uint8_t present;
	uint8_t zero[5];
};

/* x86_64, from ACPI. */
struct apic_description {
	uint64_t local_base;
	uint32_t ioapic_count;
	uint32_t pm_timer_port; /* 0: none; 3.579545 MHz, 24 bits wide (ACPI 6.5, 4.8.3.3) */
	uint32_t pm1a_port;     /* 0: no soft-off */
	uint32_t pm1b_port;
	uint32_t sleep_type_a; /* SLP_TYP of \_S5 */
	uint32_t sleep_type_b;
	uint32_t sleep_known; /* \_S5 was found */
	uint32_t zero;
	struct ioapic_description ioapics[BOOT_IOAPICS_MAX];
	struct isa_interrupt isa[BOOT_ISA_IRQS];
	struct physical_window hpet;
	struct acpi_register reset;
};

/* AArch64, from the device tree. */
struct gic_description {
	uint32_t version; /* 2, 3; 0: none found */
	uint32_t redistributor_count;
	uint64_t redistributor_stride; /* 0: as the architecture says */
	struct physical_window distributor;
	struct physical_window cpu_interface; /* version 2 */
	struct physical_window redistributors[BOOT_GIC_REDISTRIBUTORS_MAX];
};

enum psci_conduit { PSCI_NONE = 0, PSCI_HVC = 1, PSCI_SMC = 2 };

struct arm_description {
	uint32_t psci_conduit; /* enum psci_conduit */
	uint32_t psci_cpu_on;  /* function id of CPU_ON: 0xc4000003 from PSCI 0.2 on */
	uint32_t timer_intid;  /* INTID of the EL1 virtual timer */
	uint32_t timer_hz;     /* clock-frequency property when given, else 0: CNTFRQ_EL0 counts */
};

/* RISC-V, from the device tree. */
struct plic_description {
	struct physical_window registers; /* size 0: none */
	uint32_t source_count;            /* riscv,ndev */
	uint32_t zero;
};

struct riscv_description {
	uint32_t timebase_hz;
	uint32_t has_sstc;                    /* every hart's riscv,isa names sstc */
	struct physical_window test_finisher; /* sifive,test0/1: QEMU's way to end with an exit
						 status */
};

struct boot_info {
	uint64_t magic;
	uint32_t size; /* sizeof(struct boot_info) of whoever filled it */
	uint32_t protocol;

	/* Given by the entry protocol. */
	struct physical_window kernel; /* where the image lies, bss included */
	struct physical_window ramdisk;
	struct physical_window fdt;
	uint64_t acpi_rsdp; /* 0: none */
	uint32_t memory_range_count;
	uint32_t memory_ranges_dropped; /* the firmware's map had more ranges than fit */
	struct memory_range memory[BOOT_MEMORY_RANGES_MAX];
	char command_line[BOOT_COMMAND_LINE_MAX]; /* NUL-terminated */

	/* Discovered. */
	uint32_t cpu_count;
	uint32_t cpus_ignored;    /* enabled CPUs beyond CPU_MAX */
	uint32_t ramdisk_damaged; /* something else lies over the ramdisk: its window is empty */
	uint32_t zero;
	struct cpu_description cpus[CPU_MAX];
	struct uart_description uart;
	struct apic_description apic;
	struct gic_description gic;
	struct arm_description arm;
	struct plic_description plic;
	struct riscv_description riscv;
};

#endif
