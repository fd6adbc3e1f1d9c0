/*
 * Interrupt controllers, timers, console and firmware interface out of a device tree.
 *
 * The names of nodes and the meaning of their cells are those of the bindings in the Linux kernel's
 * documentation (Documentation/devicetree/bindings: interrupt-controller, timer, serial, arm/psci,
 * clock), which is where the Devicetree Specification leaves them. Runs once, on the boot CPU, on
 * input that is not trusted: a device that makes no sense is left out, with a line in the log.
 */
#include <boot/fdt_discovery.h>
#include <lib/log_hook.h>
#include <lib/string.h>

/*
 * The PLIC specification 1.0.0, memory map: where a context's registers lie, and how many sources
 * there may be.
 */
#define PLIC_CONTEXTS_OFFSET 0x200000U
#define PLIC_CONTEXT_SIZE 0x1000U
#define PLIC_SOURCES_MAX 1023U
/* The RISC-V privileged specification, scause: the supervisor external interrupt. */
#define HART_SUPERVISOR_EXTERNAL 9U

/* The GIC architecture specification, INTIDs: private and shared peripheral interrupts. */
#define GIC_PPI_FIRST 16U
#define GIC_PPI_COUNT 16U
#define GIC_SPI_FIRST 32U
#define GIC_SPI_COUNT 988U

/* PSCI 1.0, 5.1.4: CPU_ON in the 64-bit calling convention. */
#define PSCI_CPU_ON_64 0xc4000003U

/* The GICv3 architecture specification: two frames of 64 KiB for each CPU. */
#define GIC_REDISTRIBUTOR_SIZE 0x20000U
#define GIC_DISTRIBUTOR_V3_SIZE 0x10000U

#define GIC_CELLS 3U
#define REGISTER_SHIFT_MAX 4U
/* Devicetree Specification v0.4, chapter 3.3. */
#define ALIAS_NAME_MAX 31
/* When so many UARTs cannot be driven, the others are not tried either. */
#define UARTS_MAX 64U

/*
 * Goes to the first usable node compatible with any of the names (NULL ends the list); false when
 * there is none.
 */
static bool find_compatible(const struct fdt *tree, const char *const *names, struct fdt_node *node)
{
	bool found;

	for (found = fdt_root(tree, node); found; found = fdt_next(tree, node))
		for (size_t i = 0; names[i]; i++)
			if (fdt_is_compatible(tree, node, names[i]) && fdt_is_okay(tree, node))
				return true;
	return false;
}

/*
 * The next entry of a reg property as physical addresses; false when there is none of at least that
 * size.
 */
static bool next_registers(const struct fdt *tree, const struct fdt_node *node, struct fdt_reg *reg,
			   uint64_t size, struct physical_window *window)
{
	if (!fdt_reg_next(reg, window) || window->size < size ||
	    !fdt_translate(tree, node, window)) {
		log_print(LOG_WARNING, "device tree: %.32s has no usable registers",
			  fdt_name(tree, node));
		memset(window, 0, sizeof(*window));
		return false;
	}
	return true;
}

/*
 * The phandle of the controller that a node's interrupts go to: its own or inherited (chapter 2.4).
 * 0: none.
 */
static uint32_t interrupt_parent(const struct fdt *tree, const struct fdt_node *node)
{
	struct fdt_property property;
	uint32_t phandle;

	for (uint32_t up = 0; up <= node->depth; up++)
		if (fdt_get_at(tree, node, node->depth - up, "interrupt-parent", &property))
			return fdt_cell(&property, 0, &phandle) ? phandle : 0;
	return 0;
}

/* INTID of a GIC's three cells: kind, number, flags. UINT32_MAX: not one that exists. */
static uint32_t gic_intid(uint32_t kind, uint32_t number)
{
	if (kind == 0 && number < GIC_SPI_COUNT)
		return GIC_SPI_FIRST + number;
	if (kind == 1 && number < GIC_PPI_COUNT)
		return GIC_PPI_FIRST + number;
	return UINT32_MAX;
}

/*
 * The line number of a node's interrupt of that index at the controller in boot_info. UINT32_MAX:
 * it has none, or it goes to another controller.
 */
static uint32_t interrupt_line(const struct discovery *discovery, const struct fdt_node *node,
			       uint32_t index)
{
	const struct fdt *tree = &discovery->tree;
	uint32_t cells = discovery->info->gic.version ? GIC_CELLS : 1;
	struct fdt_property property;
	uint32_t parent;
	uint32_t first;
	uint32_t number;

	if (discovery->controller == 0)
		return UINT32_MAX;
	if (fdt_get(tree, node, "interrupts-extended", &property)) {
		if (!fdt_cell(&property, index * (cells + 1), &parent) ||
		    parent != discovery->controller)
			return UINT32_MAX;
		index = index * (cells + 1) + 1;
	} else {
		if (!fdt_get(tree, node, "interrupts", &property) ||
		    interrupt_parent(tree, node) != discovery->controller)
			return UINT32_MAX;
		index = index * cells;
	}
	if (!fdt_cell(&property, index, &first))
		return UINT32_MAX;
	if (cells == 1)
		return first > 0 && first <= discovery->info->plic.source_count ? first
										: UINT32_MAX;
	return fdt_cell(&property, index + 1, &number) ? gic_intid(first, number) : UINT32_MAX;
}

static void discover_gic_v2(struct discovery *discovery)
{
	static const char *const names[] = { "arm,cortex-a15-gic", "arm,gic-400", NULL };
	const struct fdt *tree = &discovery->tree;
	struct gic_description *gic = &discovery->info->gic;
	struct fdt_node node;
	struct fdt_reg reg;

	if (!find_compatible(tree, names, &node) || !fdt_reg_open(tree, &node, &reg))
		return;
	if (!next_registers(tree, &node, &reg, 0x1000, &gic->distributor) ||
	    !next_registers(tree, &node, &reg, 0x1000, &gic->cpu_interface))
		return;
	gic->version = 2;
	fdt_get_u32(tree, &node, "phandle", &discovery->controller);
}

static void discover_gic_v3(struct discovery *discovery)
{
	static const char *const names[] = { "arm,gic-v3", NULL };
	const struct fdt *tree = &discovery->tree;
	struct gic_description *gic = &discovery->info->gic;
	uint32_t regions = 1;
	struct fdt_node node;
	struct fdt_reg reg;

	if (!find_compatible(tree, names, &node) || !fdt_reg_open(tree, &node, &reg) ||
	    !next_registers(tree, &node, &reg, GIC_DISTRIBUTOR_V3_SIZE, &gic->distributor))
		return;
	fdt_get_u32(tree, &node, "#redistributor-regions", &regions);
	fdt_get_number(tree, &node, "redistributor-stride", &gic->redistributor_stride);
	if (gic->redistributor_stride < GIC_REDISTRIBUTOR_SIZE)
		gic->redistributor_stride = 0;
	if (regions > BOOT_GIC_REDISTRIBUTORS_MAX) {
		log_print(LOG_WARNING, "device tree: of %u GIC redistributor regions %u are used",
			  regions, (unsigned)BOOT_GIC_REDISTRIBUTORS_MAX);
		regions = BOOT_GIC_REDISTRIBUTORS_MAX;
	}
	for (uint32_t i = 0; i < regions; i++) {
		if (!next_registers(tree, &node, &reg, GIC_REDISTRIBUTOR_SIZE,
				    &gic->redistributors[i]))
			break;
		gic->redistributor_count++;
	}
	if (gic->redistributor_count == 0)
		return;
	gic->version = 3;
	fdt_get_u32(tree, &node, "phandle", &discovery->controller);
}

/*
 * Context n of the PLIC is what entry n of interrupts-extended names: a hart's own controller and
 * its cause.
 */
static void discover_plic_contexts(struct discovery *discovery, const struct fdt_node *node)
{
	struct boot_info *info = discovery->info;
	struct fdt_property contexts;
	uint32_t phandle;
	uint32_t cause;

	if (!fdt_get(&discovery->tree, node, "interrupts-extended", &contexts))
		return;
	for (uint32_t context = 0; fdt_cell(&contexts, 2 * context, &phandle) &&
				   fdt_cell(&contexts, 2 * context + 1, &cause);
	     context++) {
		uint64_t end = PLIC_CONTEXTS_OFFSET + (context + 1ULL) * PLIC_CONTEXT_SIZE;

		if (end > info->plic.registers.size)
			break;
		for (uint32_t cpu = 0; cpu < info->cpu_count; cpu++)
			if (cause == HART_SUPERVISOR_EXTERNAL && phandle != 0 &&
			    discovery->hart_controllers[cpu] == phandle)
				info->cpus[cpu].interrupt_context = context;
	}
}

static void discover_plic(struct discovery *discovery)
{
	static const char *const names[] = { "sifive,plic-1.0.0", "riscv,plic0", NULL };
	const struct fdt *tree = &discovery->tree;
	struct plic_description *plic = &discovery->info->plic;
	struct fdt_node node;
	struct fdt_reg reg;

	if (!find_compatible(tree, names, &node) || !fdt_reg_open(tree, &node, &reg) ||
	    !next_registers(tree, &node, &reg, PLIC_CONTEXTS_OFFSET + PLIC_CONTEXT_SIZE,
			    &plic->registers))
		return;
	fdt_get_u32(tree, &node, "riscv,ndev", &plic->source_count);
	if (plic->source_count > PLIC_SOURCES_MAX)
		plic->source_count = PLIC_SOURCES_MAX;
	fdt_get_u32(tree, &node, "phandle", &discovery->controller);
	discover_plic_contexts(discovery, &node);
}

void fdt_discover_interrupt_controllers(struct discovery *discovery)
{
	discover_gic_v3(discovery);
	if (discovery->info->gic.version == 0)
		discover_gic_v2(discovery);
	if (discovery->info->gic.version == 0) {
		memset(&discovery->info->gic, 0, sizeof(discovery->info->gic));
		discover_plic(discovery);
	}
}

void fdt_discover_arm_timer(struct discovery *discovery)
{
	static const char *const names[] = { "arm,armv8-timer", NULL };
	struct arm_description *arm = &discovery->info->arm;
	struct fdt_node node;
	uint32_t intid;

	if (!find_compatible(&discovery->tree, names, &node))
		return;
	/* Secure physical, non-secure physical, virtual, hypervisor. */
	intid = interrupt_line(discovery, &node, 2);
	if (intid >= GIC_PPI_FIRST && intid < GIC_PPI_FIRST + GIC_PPI_COUNT)
		arm->timer_intid = intid;
	else
		log_print(LOG_WARNING, "device tree: the virtual timer has no private interrupt");
	fdt_get_u32(&discovery->tree, &node, "clock-frequency", &arm->timer_hz);
}

void fdt_discover_psci(struct discovery *discovery)
{
	static const char *const fixed_ids[] = { "arm,psci-1.0", "arm,psci-0.2", NULL };
	static const char *const own_ids[] = { "arm,psci", NULL };
	const struct fdt *tree = &discovery->tree;
	struct arm_description *arm = &discovery->info->arm;
	struct fdt_node node;
	const char *method;

	if (find_compatible(tree, fixed_ids, &node))
		arm->psci_cpu_on = PSCI_CPU_ON_64;
	else if (!find_compatible(tree, own_ids, &node) ||
		 !fdt_get_u32(tree, &node, "cpu_on", &arm->psci_cpu_on))
		return;
	method = fdt_get_string(tree, &node, "method");
	if (method && strcmp(method, "hvc") == 0) {
		arm->psci_conduit = PSCI_HVC;
	} else if (method && strcmp(method, "smc") == 0) {
		arm->psci_conduit = PSCI_SMC;
	} else {
		arm->psci_cpu_on = 0;
		log_print(LOG_WARNING,
			  "device tree: PSCI is neither called by hvc nor by smc: not used");
	}
}

void fdt_discover_test_finisher(struct discovery *discovery)
{
	static const char *const names[] = { "sifive,test1", "sifive,test0", NULL };
	struct fdt_node node;
	struct fdt_reg reg;

	if (find_compatible(&discovery->tree, names, &node) &&
	    fdt_reg_open(&discovery->tree, &node, &reg))
		next_registers(&discovery->tree, &node, &reg, 4,
			       &discovery->info->riscv.test_finisher);
}

/*
 * The rate of a UART's input clock: stated, or that of the fixed clock it names first. 0: unknown.
 */
static uint32_t uart_clock(const struct fdt *tree, const struct fdt_node *node)
{
	struct fdt_property clocks;
	struct fdt_node clock;
	uint32_t phandle;
	uint32_t hz = 0;

	if (fdt_get_u32(tree, node, "clock-frequency", &hz) ||
	    !fdt_get(tree, node, "clocks", &clocks))
		return hz;
	if (fdt_cell(&clocks, 0, &phandle) && fdt_find_phandle(tree, phandle, &clock) &&
	    fdt_is_compatible(tree, &clock, "fixed-clock"))
		fdt_get_u32(tree, &clock, "clock-frequency", &hz);
	return hz;
}

static enum uart_kind uart_kind(const struct fdt *tree, const struct fdt_node *node)
{
	if (fdt_is_compatible(tree, node, "ns16550a"))
		return UART_NS16550_MMIO;
	return fdt_is_compatible(tree, node, "arm,pl011") ? UART_PL011 : UART_NONE;
}

/* Describes the UART that a node is. False when it is none, or none that can be driven. */
static bool read_uart(const struct discovery *discovery, const struct fdt_node *node)
{
	const struct fdt *tree = &discovery->tree;
	struct uart_description uart = { .kind = uart_kind(tree, node) };
	uint32_t io_width = 1;
	struct fdt_reg reg;

	if (uart.kind == UART_NONE || !fdt_is_okay(tree, node) || !fdt_reg_open(tree, node, &reg))
		return false;
	fdt_get_u32(tree, node, "reg-shift", &uart.register_shift);
	fdt_get_u32(tree, node, "reg-io-width", &io_width);
	if (uart.kind == UART_NS16550_MMIO &&
	    (uart.register_shift > REGISTER_SHIFT_MAX || io_width != 1)) {
		log_print(LOG_WARNING,
			  "device tree: the registers of UART %.32s are of a kind we cannot use",
			  fdt_name(tree, node));
		return false;
	}
	if (uart.kind == UART_PL011)
		uart.register_shift = 0;
	if (!next_registers(tree, node, &reg,
			    uart.kind == UART_PL011 ? 0x1000 : 8ULL << uart.register_shift,
			    &uart.registers))
		return false;
	uart.interrupt = interrupt_line(discovery, node, 0);
	uart.clock_hz = uart_clock(tree, node);
	discovery->info->uart = uart;
	return true;
}

/* Goes to the node that an alias of that many characters stands for (chapter 3.3). */
static bool find_alias(const struct fdt *tree, const char *text, size_t length,
		       struct fdt_node *node)
{
	static const char aliases[] = "/aliases";
	char name[ALIAS_NAME_MAX + 1];
	const char *path;

	if (length > ALIAS_NAME_MAX || !fdt_find_path(tree, aliases, sizeof(aliases) - 1, node))
		return false;
	memcpy(name, text, length);
	name[length] = '\0';
	path = fdt_get_string(tree, node, name);
	return path && fdt_find_path(tree, path, strlen(path), node);
}

/*
 * Goes to the node that /chosen/stdout-path names: a path, or an alias of one; options follow a
 * colon.
 */
static bool find_stdout(const struct fdt *tree, struct fdt_node *node)
{
	static const char chosen[] = "/chosen";
	const char *text;
	size_t length = 0;

	if (!fdt_find_path(tree, chosen, sizeof(chosen) - 1, node))
		return false;
	text = fdt_get_string(tree, node, "stdout-path");
	if (!text)
		return false;
	while (text[length] != '\0' && text[length] != ':')
		length++;
	if (text[0] == '/')
		return fdt_find_path(tree, text, length, node);
	return find_alias(tree, text, length, node);
}

void fdt_discover_uart(struct discovery *discovery)
{
	const struct fdt *tree = &discovery->tree;
	struct fdt_node node;
	uint32_t tried = 0;
	bool found;

	discovery->info->uart.interrupt = UINT32_MAX;
	if (find_stdout(tree, &node) && read_uart(discovery, &node))
		return;
	for (found = fdt_root(tree, &node); found && tried < UARTS_MAX;
	     found = fdt_next(tree, &node)) {
		if (uart_kind(tree, &node) == UART_NONE)
			continue;
		if (read_uart(discovery, &node))
			return;
		tried++;
	}
	log_print(LOG_WARNING, "device tree: no console that can be driven");
}
