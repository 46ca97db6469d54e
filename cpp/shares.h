// What the two calls of a session share: who works on what.
#pragma once

#include <algorithm>

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
    for (int l = 0; l < shape.layers(); ++l) {
        const int tiles_here = shape.unit_tiles(l);
        for (int tile = worker.begin(tiles_here); tile < worker.end(tiles_here); ++tile) visit(l, tile);
    }
}

inline int units_end(const Shape& shape, int layer, int tile) { return std::min((tile + 1) * TILE, shape.outputs(layer)); }

}  // namespace digitlab
