/*
 * Which cache has how much, and who allocated it. What is printed is collected first: no lock is
 * held while the console works.
 */
#include <boot/monitor_heap.h>
#include <dev/console.h>
#include <lib/bits.h>
#include <lib/symbols.h>
#include <mm/slab.h>

#define CACHES_MAX 64
#define SITES_MAX 256
#define SITES_SHOWN 10

struct site {
	uintptr_t address;
	uint64_t objects;
	uint64_t bytes;
};

struct cache_row {
	const char *name;
	size_t size;
	struct slab_statistics statistics;
};

/* One command at a time runs, on the boot CPU. */
static struct cache_row rows[CACHES_MAX];
static size_t row_count;
static struct site sites[SITES_MAX];
static size_t site_count;
static uint64_t sites_left_out; /* objects of more sites than there is room for */

static void collect_object(const struct slab_object *object, void *argument)
{
	size_t at = 0;

	(void)argument;
	while (at < site_count && sites[at].address != object->allocated_at)
		at++;
	if (at == SITES_MAX) {
		sites_left_out++;
		return;
	}
	if (at == site_count)
		sites[site_count++] = (struct site){ .address = object->allocated_at };
	sites[at].objects++;
	sites[at].bytes += object->requested;
}

static void collect_cache(struct slab_cache *cache, void *argument)
{
	struct slab_statistics statistics;

	(void)argument;
	slab_statistics(cache, &statistics);
	if (statistics.slabs && row_count < CACHES_MAX)
		rows[row_count++] = (struct cache_row){ .name = cache->name,
							.size = cache->size,
							.statistics = statistics };
	slab_visit_objects(cache, collect_object, NULL);
}

/* The site with most bytes of those that have not been printed; NULL. */
static struct site *largest_site(void)
{
	struct site *largest = NULL;

	for (size_t i = 0; i < site_count; i++)
		if (sites[i].objects && (!largest || sites[i].bytes > largest->bytes))
			largest = &sites[i];
	return largest;
}

static void print_sites(void)
{
	struct site *site;

	if (site_count == 0)
		return;
	console_print("%12s %12s  allocated in\n", "bytes", "objects");
	for (unsigned i = 0; i < SITES_SHOWN && (site = largest_site()); i++) {
		char name[64];

		symbol_describe(name, sizeof(name), site->address);
		console_print("%12llu %12llu  %s\n", (unsigned long long)site->bytes,
			      (unsigned long long)site->objects, name);
		site->objects = 0;
	}
	if (sites_left_out)
		console_print("%llu objects of other sites are not counted\n",
			      (unsigned long long)sites_left_out);
}

void monitor_print_caches(void)
{
	row_count = 0;
	site_count = 0;
	sites_left_out = 0;
	slab_visit_caches(collect_cache, NULL);
	console_print("%-16s %8s %8s %8s  of\n", "slab cache", "size", "frames", "objects");
	for (size_t i = 0; i < row_count; i++)
		console_print("%-16s %8zu %8llu %8llu  %llu\n", rows[i].name, rows[i].size,
			      (unsigned long long)rows[i].statistics.frames,
			      (unsigned long long)rows[i].statistics.objects,
			      (unsigned long long)rows[i].statistics.capacity);
	print_sites();
}
