#include "pixels.h"

#include <algorithm>
#include <numeric>

namespace digitlab {

Pixels::Pixels(const uint8_t* images, int64_t count, const Kernels& kernels)
    : images_(images), count_(count), kernels_(kernels), place_(PIXELS) {
    std::vector<int64_t> lit(PIXELS, 0);
    for (int64_t sample = 0; sample < count; ++sample)
        for (int pixel = 0; pixel < PIXELS; ++pixel) lit[pixel] += images[sample * PIXELS + pixel] != 0;
    std::vector<int> order(PIXELS);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return lit[a] > lit[b]; });
    lit_ = static_cast<int>(std::count_if(lit.begin(), lit.end(), [](int64_t n) { return n > 0; }));
    depth_ = digitlab::tiles(lit_ + 1, DEPTH);
    for (int i = 0; i < PIXELS; ++i) place_[order[i]] = i < lit_ ? i : depth_ * DEPTH + (i - lit_);
    columns_ = round_up(depth_ * DEPTH + PIXELS - lit_, LANES);
}

void Pixels::arrange(uint8_t* row, const uint8_t* image) const {
    for (int pixel = 0; pixel < PIXELS; ++pixel)
        if (place_[pixel] < lit_) row[place_[pixel]] = image[pixel];
    row[lit_] = 255;
}

// Asks at the first sample of every 1024.
static void ask(int64_t sample, const Question& interrupted) {
    if (sample % 1024 == 0 && interrupted()) throw Interrupted();
}

void Pixels::need_rows(const Question& interrupted) {
    std::call_once(rows_made_, [&] {
        Buffer<uint8_t> rows(count_ * depth_ * DEPTH);
        for (int64_t sample = 0; sample < count_; ++sample) {
            ask(sample, interrupted);
            arrange(&rows[sample * depth_ * DEPTH], images_ + sample * PIXELS);
        }
        rows_ = std::move(rows);
    });
}

void Pixels::need_tiles(const Question& interrupted) {
    std::call_once(tiles_made_, [&] {
        const int64_t blocks = (count_ + DEPTH - 1) / DEPTH * (DEPTH / TILE);  // 64 samples go backward together
        Buffer<uint8_t> tiles(blocks * depth_ * B_TILE), used(blocks * depth_), rows(TILE * depth_ * DEPTH);
        for (int64_t block = 0; block < blocks; ++block) {
            ask(block * TILE, interrupted);
            const uint8_t* sixteen[TILE] = {};
            for (int i = 0; i < TILE && block * TILE + i < count_; ++i) {
                arrange(&rows[i * depth_ * DEPTH], images_ + (block * TILE + i) * PIXELS);
                sixteen[i] = &rows[i * depth_ * DEPTH];
            }
            kernels_.pack_samples(&tiles[block * depth_ * B_TILE], &used[block * depth_], sixteen, depth_);
        }
        tiles_ = std::move(tiles);
        used_ = std::move(used);
    });
}

}  // namespace digitlab
