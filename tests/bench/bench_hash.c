/* SHA-256, as media are hashed on arrival: in pieces of the size that the network gives. */
#include "bench.h"

#include "base/hash.h"

#define BYTES ((size_t)64 << 20)
#define PIECE 65536
#define ROUNDS 15

int main(void)
{
    unsigned char *data = malloc(BYTES);
    static double rates[ROUNDS];
    if (!data)
        return 1;
    for (size_t i = 0; i < BYTES; i++)
        data[i] = (unsigned char)(i * 2654435761u >> 24);
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t digest[HASH_BYTES];
        struct hash *hash = hash_create();
        int64_t start_ns = clock_mono_ns();
        for (size_t at = 0; at < BYTES; at += PIECE)
            if (!hash || !hash_add(hash, data + at, PIECE))
                return 1;
        if (!hash_result(hash, digest))
            return 1;
        rates[round] = (double)BYTES / (double)(clock_mono_ns() - start_ns);
        hash_destroy(hash);
    }
    qsort(rates, ROUNDS, sizeof *rates, bench_compare);
    printf("hashing (SHA-256)\t%.2f GB/s\tworst %.2f GB/s\t≥ 1 GB/s\n", rates[ROUNDS / 2],
           rates[0]);
    free(data);
    return 0;
}
