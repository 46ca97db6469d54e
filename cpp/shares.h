// What the two calls of a session share: who works on what.
#pragma once

#include "session.h"

namespace digitlab {

// Products on AMX need to be set up in each thread.
struct ProductsAllowed {
    const Kernels& kernels;
    explicit ProductsAllowed(const Kernels& k) : kernels(k) { kernels.begin(); }
    ~ProductsAllowed() { kernels.end(); }
};

template <typename Visit>
void own_tiles(const Shape& shape, const Worker& worker, Visit visit) {
    for (int l = 0; l < shape.layers(); ++l) worker.share(shape.unit_tiles(l), [&](int tile) { visit(l, tile); });
}

}  // namespace digitlab
