// Parameters that are ready for the forward pass: the first layer's weights as bytes.
#pragma once

#include "parameters.h"

namespace digitlab {

class Model {
  public:
    Model(const Shape& shape, const Pixels& pixels, const Kernels& kernels)
        : parameters(shape, pixels), shape_(shape), pixels_(pixels), kernels_(kernels), units_(shape.unit_tiles(0) * TILE),
          digits_(units_ / TILE * MAX_BYTES * pixels.depth() * A_TILE), scale_(units_), scale_rest_(units_), reach_(units_) {}

    Parameters parameters;

    // After the parameters of a tile's units were changed. False where one of them is not finite.
    bool prepare_tile(int layer, int tile);

    const int8_t* digits(int tile) const { return &digits_[static_cast<size_t>(tile) * MAX_BYTES * pixels_.depth() * A_TILE]; }
    const float* scale(int tile) const { return &scale_[tile * TILE]; }
    const float* scale_rest(int tile) const { return &scale_rest_[tile * TILE]; }

    // How large |a| can be for a unit of the first layer, whatever the picture; 1 for functions that are bounded.
    float output_bound(int unit) const;
    // How large |delta| can be for a unit of the last hidden layer, whatever the sample.
    float delta_bound(int unit) const;

  private:
    bool prepare(int layer, int unit);

    const Shape& shape_;
    const Pixels& pixels_;
    const Kernels& kernels_;
    const size_t units_;     // of the first layer, padded
    Buffer<int8_t> digits_;  // [unit tile][digit][depth] tiles of A
    Buffer<float> scale_, scale_rest_, reach_;  // [units, padded]
};

// The power of two that brings |x| <= bound to below 2^bits. Near the end of the finite numbers it is 0, so that what is
// divided by it is not finite either.
float factor_for(float bound, int bits);

}  // namespace digitlab
