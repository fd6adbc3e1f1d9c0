/*
 * Doubly linked lists whose links are members of what they list, so that nothing is allocated. The
 * list itself is one more link: the ring goes through it, and every operation takes constant time.
 *
 *   list ⇄ first ⇄ second ⇄ … ⇄ last ⇄ list
 *
 * Not synchronised: the lock that protects a list is named where the list is declared.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* A list, or a link in one. */
struct list {
	struct list *next;
	struct list *previous;
};

/* An empty list, for initialisers. */
#define LIST_EMPTY(list)                                                                           \
	{                                                                                          \
		&(list), &(list)                                                                   \
	}

/* The structure of the given type whose member this points to. */
#define container_of(pointer, type, member)                                                        \
	({                                                                                         \
		_Static_assert(__builtin_types_compatible_p(__typeof__(*(pointer)),                \
							    __typeof__(((type *)0)->member)),      \
			       "the pointer does not point to such a member");                     \
		(type *)((char *)(pointer)-offsetof(type, member));                                \
	})

/* Makes an empty list, or a link that is on no list: list_is_empty() tells both. */
static inline void list_init(struct list *list)
{
	list->next = list;
	list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

/*
 * Puts link first; or, given a link instead of the list, behind that one. link must be on no list.
 */
static inline void list_push_front(struct list *list, struct list *link)
{
	link->next = list->next;
	link->previous = list;
	list->next->previous = link;
	list->next = link;
}

/*
 * Puts link last; or, given a link instead of the list, before that one. link must be on no list.
 */
static inline void list_push_back(struct list *list, struct list *link)
{
	list_push_front(list->previous, link);
}

/*
 * Takes link off its list, and leaves it as list_init() does: removing it once more does no harm.
 */
static inline void list_remove(struct list *link)
{
	link->next->previous = link->previous;
	link->previous->next = link->next;
	list_init(link);
}

/* Takes the first link off and returns it; NULL when there is none. */
static inline struct list *list_pop_front(struct list *list)
{
	struct list *first = list->next;

	if (first == list)
		return NULL;
	list_remove(first);
	return first;
}

/* for (entry = first; …): entry is declared here, a pointer to type. The body may not remove it. */
#define list_for_each_entry(entry, list, type, member)                                             \
	for (type *entry = container_of((list)->next, type, member); &entry->member != (list);     \
	     entry = container_of(entry->member.next, type, member))

/* The same, for bodies that may remove entry, and may free it, but nothing else. */
#define list_for_each_entry_safe(entry, list, type, member)                                        \
	for (type *entry = container_of((list)->next, type, member),                               \
		  *entry##_next = container_of(entry->member.next, type, member);                  \
	     &entry->member != (list);                                                             \
	     entry = entry##_next, entry##_next = container_of(entry->member.next, type, member))

#endif
