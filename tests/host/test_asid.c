/* sources: tests/host/asid_model.c tests/host/memory.c mm/asid.c lib/random.c */
/* sources: mm/frame.c mm/frame_cache.c mm/frame_check.c mm/frame_map.c mm/buddy.c mm/memory_map.c
 * mm/tlb_shadow.c */
/*
 * Ids that roll over, beside a model; and a CPU that does not drop when it is told to is found out.
 */
#include "asid_model.h"
#include "host.h"
#include <lib/random.h>
#include <stdlib.h>

static bool all_hold(bool ignores_drops)
{
	for (uint64_t seed = 1; seed <= 200; seed++) {
		static uint8_t program[2000];
		struct random random;

		random_seed(&random, seed);
		for (size_t i = 0; i < sizeof(program); i++)
			program[i] = (uint8_t)random_u64(&random);
		if (!asid_model_run(program, sizeof(program), ignores_drops))
			return false;
	}
	return true;
}

HOST_TEST(no_id_in_two_hands)
{
	CHECK(all_hold(false));
}

HOST_TEST(twin_that_does_not_drop_is_caught)
{
	CHECK(!all_hold(true));
}
