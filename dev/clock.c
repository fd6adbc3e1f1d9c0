/*
 * Nanoseconds from counts, by fixed-point multiplication: constants after clock_init(), so any CPU
 * may read them.
 */
#include <arch/clock.h>
#include <dev/clock.h>

/*
 * ns = count * ns_per_count >> 32, and the other way round. 128-bit products: no overflow for
 * centuries.
 */
#define FRACTION_BITS 32

static uint64_t first_count;
static uint64_t ns_per_count;
static uint64_t count_per_ns;

int clock_init(const struct boot_info *info, void *(*map_device)(uint64_t base, uint64_t size))
{
	int error = clock_counter_init(info, map_device);

	if (error)
		return error;
	uint64_t hz = clock_counter_hz();

	/*
	 * NS_PER_SECOND << 32 is below 2^62; hz is below 2^35, hence 29 bits of whole counts per
	 * second are kept.
	 */
	count_per_ns = (hz << 29) / NS_PER_SECOND << (FRACTION_BITS - 29);
	first_count = clock_counter_read();
	ns_per_count = (NS_PER_SECOND << FRACTION_BITS) / hz;
	return 0;
}

static uint64_t scale(uint64_t value, uint64_t factor)
{
	return (uint64_t)((unsigned __int128)value * factor >> FRACTION_BITS);
}

uint64_t clock_ns(void)
{
	return ns_per_count ? scale(clock_counter_read() - first_count, ns_per_count) : 0;
}

uint64_t clock_ns_to_count(uint64_t ns)
{
	uint64_t count = scale(ns, count_per_ns);
	uint64_t reached;

	/*
	 * Both factors are truncated: add what is missing until the forward conversion says that ns
	 * is reached.
	 */
	while ((reached = scale(count, ns_per_count)) < ns)
		count += scale(ns - reached, count_per_ns) + 1;
	return first_count + count;
}
