/* Pace: how fast models will write on this machine, as far as its memory says: each token reads all weights once. */
#ifndef PALAVER_APP_CHAT_PACE_H
#define PALAVER_APP_CHAT_PACE_H

#include <stdint.h>

/* Bytes a second that all cores together read from memory, measured in some hundredths of a second; 0: not measured. */
double pace_memory(void);
/* Tokens a second to expect of a model with so many bytes of weights; 0: unknown. */
double pace_tokens(double memory, uint64_t weights);

#endif
