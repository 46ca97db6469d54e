#include "session.h"

namespace digitlab {

Session::Session(const uint8_t* images, const uint8_t* labels, int64_t count, const Shape& shape, const Kernels& kernels,
                 int threads)
    : shape_(shape),
      kernels_(kernels),
      labels_(labels),
      pixels_(images, count, kernels),
      team_(threads),
      model_(shape_, pixels_, kernels),
      blocks_(threads) {}

}  // namespace digitlab
