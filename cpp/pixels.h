// The pixels of a session, packed once.
//
// Pixels change places: those that are lit most often come first, so that the others make whole tiles of zeros, which
// are skipped; those that are never lit take no part in products at all. None of this changes a sum.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "buffer.h"
#include "kernels.h"

namespace digitlab {

constexpr int PIXELS = 784;

using Question = std::function<bool()>;  // whether to stop; asked now and then, in the thread of the caller
struct Interrupted {};                   // thrown where the answer is yes

class Pixels {
  public:
    // images: count x 784 bytes, which must outlive this.
    Pixels(const uint8_t* images, int64_t count, const Kernels& kernels);

    int64_t count() const { return count_; }
    int depth() const { return depth_; }        // tiles of 64 places that products run over
    int constant() const { return lit_; }       // the place of a pixel that is always 255: its "weight's" gradient is the bias's
    int columns() const { return columns_; }    // places in all: those in products, then the pixels that are never lit
    int place(int pixel) const { return place_[pixel]; }

    // Tiles of B for 16 samples from `first` on (a multiple of 16): [depth()], and which of them are not all zeros.
    const uint8_t* tiles(int64_t first) const { return tiles_.data() + first / TILE * depth_ * B_TILE; }
    const uint8_t* used(int64_t first) const { return used_.data() + first / TILE * depth_; }
    // The bytes of one sample in their places: [depth() * 64].
    const uint8_t* row(int64_t sample) const { return rows_.data() + sample * depth_ * DEPTH; }

    // Before tiles() and used(), and before row().
    void need_tiles(const Question& interrupted);
    void need_rows(const Question& interrupted);

  private:
    void arrange(uint8_t* row, const uint8_t* image) const;

    const uint8_t* images_;
    int64_t count_;
    const Kernels& kernels_;
    std::vector<int> place_;
    int lit_ = 0, depth_ = 0, columns_ = 0;
    std::once_flag tiles_made_, rows_made_;
    Buffer<uint8_t> tiles_, used_, rows_;
};

}  // namespace digitlab
