/* What mm/space.h names of traps; there are none here. */
#ifndef ARCH_TRAP_H
#define ARCH_TRAP_H

enum trap_access { TRAP_ACCESS_NONE, TRAP_ACCESS_READ, TRAP_ACCESS_WRITE, TRAP_ACCESS_EXECUTE };

#endif
