// The path for processors with AMX (Intel, 2023 and later): one instruction multiplies two tiles of bytes.
#include <cstring>

#include "kernels.h"
#include "shuffles_avx512.h"

namespace digitlab {
namespace {

struct alignas(64) TileConfig {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

constexpr TileConfig config;

// GCC 12 does not know that tile instructions read memory: what was stored before must be stored by now.
inline void settle_memory() { asm volatile("" ::"r"(&config) : "memory"); }

void begin() {
    settle_memory();
    _tile_loadconfig(&config);
}

void end() { _tile_release(); }

// What will be wanted soon is fetched a few lines at a time: a core has room for few that are on their way.
struct Soon {
    const char *at = nullptr, *end = nullptr;
    int lines = 0;  // in each step

    Soon(const Product& p, int row, int column, int steps) {
        if (!p.soon || row > 0 || steps == 0) return;
        at = reinterpret_cast<const char*>(p.soon) + p.soon_bytes * column / p.columns;
        end = reinterpret_cast<const char*>(p.soon) + p.soon_bytes * (column + 1) / p.columns;
        lines = static_cast<int>((end - at) / 64 / steps + 1);
    }
    void fetch_some() {
        for (int i = 0; i < lines && at < end; ++i, at += 64) _mm_prefetch(at, _MM_HINT_T1);
    }
};

// Tile numbers must be literals, so each row is written out: C in tiles 0..3, A in 4..6, B in 7.
#define EACH_ROW(DO) DO(0, 4) DO(1, 5) DO(2, 6) DO(3, 4)
#define OPEN(c, a) \
    if (c < ROWS && p.add) _tile_loadd(c, C + c * p.C_row * C_TILE, 64); \
    else if (c < ROWS) _tile_zero(c);
#define MULTIPLY(c, a) \
    if (c < ROWS) { \
        _tile_loadd(a, A + (c * p.A_row + used[i]) * A_TILE, 64); \
        _tile_dpbsud(c, a, 7); \
    }
#define CLOSE(c, a) \
    if (c < ROWS) _tile_stored(c, C + c * p.C_row * C_TILE, 64);

template <int ROWS>
void multiply(const Product& p, int32_t* C, const int8_t* A, const uint8_t* B, const int* used, int count, Soon soon) {
    EACH_ROW(OPEN)
    for (int i = 0; i < count; ++i) {
        _tile_loadd(7, B + used[i] * B_TILE, 64);
        soon.fetch_some();
        EACH_ROW(MULTIPLY)
    }
    EACH_ROW(CLOSE)
}

#undef EACH_ROW
#undef OPEN
#undef MULTIPLY
#undef CLOSE

// The tiles of one column of B that are not all zeros: their numbers, and how many.
int list_used(const Product& p, int column, int first, int depth, int* used) {
    int count = 0;
    for (int k = first; k < first + depth; ++k) {
        used[count] = k;
        count += !p.B_used || p.B_used[column * p.used_column + k];
    }
    return count;
}

void product(const Product& p) {
    constexpr int LIST = 64;
    int used[LIST + 1];
    Product part = p;
    settle_memory();
    for (int first = 0; first < p.depth; first += LIST, part.add = true) {
        const int depth = p.depth - first < LIST ? p.depth - first : LIST;
        for (int row = 0; row < p.rows;) {
            const int rows = p.rows - row >= 4 ? 4 : p.rows - row == 3 ? 3 : 1;
            const auto some_rows = rows == 4 ? multiply<4> : rows == 3 ? multiply<3> : multiply<1>;
            for (int column = 0; column < p.columns; ++column) {
                const int count = list_used(p, column, first, depth, used);
                some_rows(part, p.C + (row * p.C_row + column) * C_TILE, p.A + row * p.A_row * A_TILE,
                          p.B + column * p.B_column * B_TILE, used, count, Soon(p, row, column, count));
            }
            row += rows;
        }
    }
    settle_memory();
}

}  // namespace
}  // namespace digitlab

#include "kernels.inc"

DIGITLAB_KERNELS(amx, begin, end);
