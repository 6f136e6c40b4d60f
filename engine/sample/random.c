/* The sampler's random numbers: xoshiro256** 1.0 by Blackman and Vigna, seeded by splitmix64. */
#include "config.h"

#include <stdint.h>

#include "engine/engine.h"
#include "engine/sample/sampler.h"

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static uint64_t next_random(struct sampler *s)
{
    uint64_t *t = s->state, result = rotate(t[1] * 5, 7) * 9, shifted = t[1] << 17;
    t[2] ^= t[0];
    t[3] ^= t[1];
    t[1] ^= t[2];
    t[0] ^= t[3];
    t[2] ^= shifted;
    t[3] = rotate(t[3], 45);
    return result;
}

double sampler_random(struct sampler *s)
{
    return (double)(next_random(s) >> 11) * 0x1p-53;
}

void sampler_seed(struct sampler *s, uint64_t seed)
{
    s->mu = -1;
    for (int i = 0; i < 4; i++) {
        seed += 0x9e3779b97f4a7c15;
        uint64_t z = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        s->state[i] = z ^ z >> 31;
    }
}
