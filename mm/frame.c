/* Stand-in until helper A lands. */
#include <mm/frame.h>
struct frame *frame_alloc_zeroed(enum frame_tag tag){ (void)tag; return NULL; }
bool frame_put(struct frame *frame){ (void)frame; return true; }
void frame_free(struct frame *frame){ (void)frame; }
