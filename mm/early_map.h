/*
 * The first page tables, which a port's start.S has built before it turns the MMU on.
 */
#ifndef MM_EARLY_MAP_H
#define MM_EARLY_MAP_H

#include <stdint.h>

/*
 * The two roots that early_map_image() builds; tables in the image, page-aligned.
 *
 * early_kernel_root: the kernel image at its link address, section by section with its final
 * permissions, and the same frames in the direct map. It stays the kernel's root for good.
 * early_identity_root: the page(s) between start_text and start_text_end at their physical address,
 * r-x, and the upper half of early_kernel_root. For the moment the MMU is turned on: by the boot
 * CPU, and by each other CPU later. On AArch64 this is TTBR0 and early_kernel_root TTBR1.
 */
extern uint64_t early_kernel_root[];
extern uint64_t early_identity_root[];

/*
 * Builds both. Runs position-independent at physical addresses, MMU off or identity-mapped. levels:
 * 4, or 3 on a RISC-V hart with no more than Sv39; may be called again with another number.
 */
void early_map_image(unsigned levels);

#endif
