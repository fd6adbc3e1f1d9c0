/*
 * CRC-32 as in IEEE 802.3, zip and Python's zlib.crc32(): polynomial 0x04c11db7, bits reflected,
 * inverted before and after.
 */
#ifndef LIB_CRC32_H
#define LIB_CRC32_H

#include <stddef.h>
#include <stdint.h>

/*
 * The checksum of size more bytes, after those whose checksum is crc; 0 at the beginning. Any
 * context.
 */
uint32_t crc32(uint32_t crc, const void *bytes, size_t size);

#endif
