// Samples from anywhere, brought together: what Samples points to when they are not a range.
#pragma once

#include "block.h"

namespace digitlab {

class Gathered {
  public:
    Gathered(const Pixels& pixels, const Kernels& kernels, const uint8_t* labels, int capacity)
        : pixels_(pixels), kernels_(kernels), source_(labels), sixteens_(round_up(capacity, DEPTH) / TILE),
          X_(sixteens_ * pixels.depth() * B_TILE), used_(sixteens_ * pixels.depth()), labels_(sixteens_ * TILE) {}

    // The worker's share of `count` samples; sample(i) is the number of the i-th. Up to 63 empty ones follow.
    template <typename Number>
    void gather(int count, const Worker& worker, Number sample) {
        worker.share(round_up(count, DEPTH) / TILE, [&](int block) {
            const uint8_t* rows[TILE] = {};
            for (int i = block * TILE; i < (block + 1) * TILE && i < count; ++i) {
                const int64_t number = sample(i);
                rows[i % TILE] = pixels_.row(number);
                labels_[i] = source_[number];
            }
            kernels_.pack_samples(&X_[static_cast<size_t>(block) * pixels_.depth() * B_TILE],
                                  &used_[static_cast<size_t>(block) * pixels_.depth()], rows, pixels_.depth());
        });
    }

    Samples samples(int count) const { return {X_.data(), used_.data(), labels_.data(), count}; }

  private:
    const Pixels& pixels_;
    const Kernels& kernels_;
    const uint8_t* source_;
    const size_t sixteens_;
    Buffer<uint8_t> X_, used_, labels_;
};

}  // namespace digitlab
