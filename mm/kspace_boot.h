/*
 * Between mm/kspace_boot.c, which builds the kernel's tables at boot, and mm/kspace.c, which uses
 * them.
 */
#ifndef MM_KSPACE_BOOT_H
#define MM_KSPACE_BOOT_H

/* Makes kernel space free to be handed out. From kspace_init(). */
void kspace_init_pieces(void);

#endif
