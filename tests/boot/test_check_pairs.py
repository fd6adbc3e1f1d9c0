"""tools/check_pairs.py: what it must see, and what it must leave alone."""

import sys
import unittest

from fake_machine import TOOLS

sys.path.insert(0, TOOLS)

from c_source import CSource  # noqa: E402
from check_pairs import PairChecker  # noqa: E402

FENCES = {"smp_mb", "smp_wmb", "mmu_publish"}
DEFINED = {("sync/a.c", "publish"), ("sync/a.c", "look"), ("sync/b.h", "peek")}
FILES = {path for path, _ in DEFINED}

# Each stands in a function; none may be complained of.
GOOD = {
    "above": """
	/* Release, pairs with look in sync/a.c: the data before the flag. */
	atomic_store_release(&flag, 1);
""",
    "on the line": """
	smp_mb(); /* pairs with itself on other CPUs */
""",
    "long": """
	/*
	 * What was written before is seen. Pairs with
	 * look in sync/a.c, and with peek in sync/b.h.
	 */
	smp_wmb();
""",
    "list": """
	/* Pairs with look in sync/a.c, peek in sync/b.h and publish() in sync/a.c. */
	smp_wmb();
""",
    "two clauses": """
	/* Acquire, pairs with publish in sync/a.c: x. Release, pairs with look in sync/a.c: y. */
	old = atomic_exchange_acq_rel(&word, 1);
""",
    "statement of several lines": """
	/* Acquire, pairs with publish in sync/a.c. */
	if (atomic_load_relaxed(&word) == expected &&
	    atomic_compare_exchange_weak_acquire(&word, &expected, 1))
		return;
""",
    "end of a loop": """
	do
		next = old;
	/* Release, pairs with look in sync/a.c. */
	while (!atomic_compare_exchange_release(&head, &old, 1));
""",
    "group": """
	/* Release, pairs with look in sync/a.c: all three in any order. */
	atomic_store_release(&x, 1);
	atomic_store_release(&y,
			     2);
	atomic_store_release(&z, 3);
""",
    "relaxed": """
	atomic_store_relaxed(&x, 1);
	barrier();
""",
    "only named": """
	/* smp_mb() would be too much. */
	print("smp_mb(): %d", x);
""",
}

# What is said of each.
BAD = {
    "no comment": ("\n\tsmp_mb();\n", "no comment names its partner"),
    "no partner": ("\n\t/* The data before the flag. */\n\tsmp_wmb();\n", "its comment names no partner"),
    "no file": (
        "\n\t/* Pairs with the acquire in look. */\n\tatomic_store_release(&x, 1);\n",
        "names no function and file",
    ),
    "itself in passing": (
        "\n\t/* Pairs with nothing: it decides by itself. */\n\tatomic_store_release(&x, 1);\n",
        "names no function and file",
    ),
    "no such file": (
        "\n\t/* Pairs with look in sync/c.c. */\n\tsmp_mb();\n",
        "pairs with look in sync/c.c: there is no such file",
    ),
    "no such function": (
        "\n\t/* Pairs with glance in sync/a.c. */\n\tsmp_mb();\n",
        "pairs with glance in sync/a.c: that file defines no such function",
    ),
    "second of two partners": (
        "\n\t/* Pairs with look in sync/a.c and with glance in sync/b.h. */\n\tsmp_mb();\n",
        "pairs with glance in sync/b.h: that file defines no such function",
    ),
    "an empty line between": (
        "\n\t/* Pairs with look in sync/a.c. */\n\n\tsmp_mb();\n",
        "no comment names its partner",
    ),
    "another statement between": (
        "\n\t/* Pairs with look in sync/a.c. */\n\tx = 1;\n\tmmu_publish(x, 1);\n",
        "no comment names its partner",
    ),
    "port's own name": (
        "\n\told = atomic64_fetch_add_seq_cst(&word, 1);\n",
        "no comment names its partner",
    ),
    "second on the line": (
        "\n\tif (!x)\n\t\treturn atomic_load_relaxed(&x) + atomic_load_acquire(&y);\n",
        "atomic_load_acquire: no comment names its partner",
    ),
}

MACROS = """#define publish_both() \\
	do { \\
		smp_wmb(); \\
	} while (0)
"""


def defines(path, name):
    return (path, name) in DEFINED if path in FILES else None


def check(text):
    return PairChecker(FENCES, defines).check(CSource(text, "sync/test.c"))


def in_function(body):
    return f"/* What this is. */\nvoid function(void)\n{{{body}}}\n"


class CheckPairs(unittest.TestCase):
    def test_good(self):
        for name, body in GOOD.items():
            with self.subTest(name=name):
                self.assertEqual(check(in_function(body)), [])

    def test_bad(self):
        for name, (body, message) in BAD.items():
            with self.subTest(name=name):
                errors = check(in_function(body))
                self.assertEqual(len(errors), 1, errors)
                self.assertIn(message, errors[0])

    def test_place_is_named(self):
        self.assertTrue(check(in_function("\n\tx = 1;\n\tsmp_mb();\n"))[0].startswith("sync/test.c:5: smp_mb: "))

    def test_each_of_several(self):
        self.assertEqual(len(check(in_function("\n\tsmp_mb();\n\tx = 1;\n\tsmp_wmb();\n"))), 2)

    def test_declarations_are_no_uses(self):
        self.assertEqual(check("void mmu_publish(uintptr_t address, size_t size);\n#define smp_mb() barrier()\n"), [])

    def test_macro_needs_a_partner(self):
        self.assertEqual(len(check(MACROS)), 1)
        self.assertEqual(check("/* Release, pairs with look in sync/a.c. */\n#define both() smp_wmb()\n"), [])


class Functions(unittest.TestCase):
    def names(self, text, path="a.c"):
        return [function.name for function in CSource(text, path).functions]

    def test_definitions(self):
        text = """struct s {
	int a;
};

static inline __attribute__((always_inline)) bool one(int (*f)(void))
{
	if (f()) {
		return other(1);
	}
	return false;
}

/* two(void) { */
static const struct s *
three(const char *text,
      int more)
{
	return 0;
}

int declared(void);
#define four(x) (x)
"""
        self.assertEqual(self.names(text), ["one", "three", "four"])

    def test_assembly(self):
        self.assertEqual(self.names("\t.text\nfirst:\n\tret\nENTRY(second)\n", "a.S"), ["first", "second"])

    def test_where(self):
        source = CSource(in_function("\n\tx = 1;\n"), "a.c")
        self.assertEqual(source.function_at(4).name, "function")
        self.assertIsNone(source.function_at(1))


if __name__ == "__main__":
    unittest.main()
