/*
 * The I/O APICs (ioapic.h).
 *
 * Each has a register that selects another and a window to it, so an access is two: ioapic_lock,
 * taken with interrupts disabled, keeps them together. It is a leaf: nothing is called with it
 * held.
 */
#include <arch/atomic.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/page_flags.h>
#include <arch/x86_64/ioapic.h>
#include <lib/errno.h>
#include <stddef.h>

#define IOAPIC_SELECT 0x00
#define IOAPIC_WINDOW 0x10
#define IOAPIC_VERSION 0x01
#define IOAPIC_ENTRY(n) (0x10 + 2 * (n))

#define ENTRY_ACTIVE_LOW 0x2000
#define ENTRY_LEVEL 0x8000
#define ENTRY_MASKED 0x10000

struct ioapic {
	uintptr_t registers;
	unsigned first_gsi;
	unsigned lines;
};

/* Constant after ioapic_init(). */
static struct ioapic ioapics[BOOT_IOAPICS_MAX];
static unsigned ioapics_found;
static struct isa_interrupt isa_interrupts[BOOT_ISA_IRQS];

/* Protects the pair of select and window of every I/O APIC. */
static uint32_t ioapic_lock;

static unsigned long ioapic_lock_acquire(void)
{
	unsigned long flags = interrupts_save();

	/*
	 * Orders the accesses under the lock after taking it; partner: the release in
	 * ioapic_lock_release().
	 */
	while (atomic32_exchange_acquire(&ioapic_lock, 1))
		cpu_relax();
	return flags;
}

static void ioapic_lock_release(unsigned long flags)
{
	/*
	 * Orders the accesses under the lock before giving it up; partner: the exchange in
	 * ioapic_lock_acquire().
	 */
	atomic32_store_release(&ioapic_lock, 0);
	interrupts_restore(flags);
}

static uint32_t ioapic_read(const struct ioapic *ioapic, uint32_t index)
{
	mmio_write32(ioapic->registers + IOAPIC_SELECT, index);
	return mmio_read32(ioapic->registers + IOAPIC_WINDOW);
}

static void ioapic_write(const struct ioapic *ioapic, uint32_t index, uint32_t value)
{
	mmio_write32(ioapic->registers + IOAPIC_SELECT, index);
	mmio_write32(ioapic->registers + IOAPIC_WINDOW, value);
}

int ioapic_init(const struct apic_description *apic,
		void *(*map_device)(uint64_t base, uint64_t size))
{
	if (apic->ioapic_count == 0)
		return -ENODEV;
	for (unsigned i = 0; i < apic->ioapic_count && i < BOOT_IOAPICS_MAX; i++) {
		struct ioapic *ioapic = &ioapics[i];
		uint64_t base = apic->ioapics[i].base;
		uintptr_t page = (uintptr_t)map_device(base & ~(PAGE_SIZE - 1), PAGE_SIZE);

		if (!page)
			return -ENOMEM;
		ioapic->registers = page + (base & (PAGE_SIZE - 1));
		ioapic->first_gsi = apic->ioapics[i].first_gsi;
		ioapic->lines = (ioapic_read(ioapic, IOAPIC_VERSION) >> 16 & 0xff) + 1;
		for (unsigned line = 0; line < ioapic->lines; line++)
			ioapic_write(ioapic, IOAPIC_ENTRY(line), ENTRY_MASKED);
		ioapics_found = i + 1;
	}
	for (unsigned i = 0; i < BOOT_ISA_IRQS; i++)
		isa_interrupts[i] = apic->isa[i];
	return 0;
}

unsigned ioapic_count(void)
{
	return ioapics_found;
}

static const struct ioapic *ioapic_find(unsigned line)
{
	for (unsigned i = 0; i < ioapics_found; i++) {
		if (line >= ioapics[i].first_gsi && line - ioapics[i].first_gsi < ioapics[i].lines)
			return &ioapics[i];
	}
	return NULL;
}

/*
 * An ISA interrupt is as MADT says, every other line PCI's: active low, level-triggered (PCI 3.0,
 * 2.2.6).
 */
static uint32_t line_wiring(unsigned line)
{
	for (unsigned i = 0; i < BOOT_ISA_IRQS; i++) {
		if (isa_interrupts[i].gsi == line)
			return (isa_interrupts[i].active_low ? ENTRY_ACTIVE_LOW : 0) |
			       (isa_interrupts[i].level_triggered ? ENTRY_LEVEL : 0);
	}
	return ENTRY_ACTIVE_LOW | ENTRY_LEVEL;
}

int ioapic_unmask(unsigned line, uint8_t vector, uint8_t apic_id)
{
	const struct ioapic *ioapic = ioapic_find(line);
	unsigned long flags;

	if (!ioapic)
		return -EINVAL;
	line -= ioapic->first_gsi;
	flags = ioapic_lock_acquire();
	/*
	 * Masked while the halves disagree, so that no interrupt goes to a CPU that is neither the
	 * old nor the new one.
	 */
	ioapic_write(ioapic, IOAPIC_ENTRY(line), ENTRY_MASKED);
	ioapic_write(ioapic, IOAPIC_ENTRY(line) + 1, (uint32_t)apic_id << 24);
	ioapic_write(ioapic, IOAPIC_ENTRY(line), line_wiring(line + ioapic->first_gsi) | vector);
	ioapic_lock_release(flags);
	return 0;
}

int ioapic_mask(unsigned line)
{
	const struct ioapic *ioapic = ioapic_find(line);
	unsigned long flags;
	uint32_t index;

	if (!ioapic)
		return -EINVAL;
	index = IOAPIC_ENTRY(line - ioapic->first_gsi);
	flags = ioapic_lock_acquire();
	/*
	 * Only the mask changes: a level interrupt still being handled needs the rest of its entry
	 * to be completed.
	 */
	ioapic_write(ioapic, index, ioapic_read(ioapic, index) | ENTRY_MASKED);
	ioapic_lock_release(flags);
	return 0;
}
