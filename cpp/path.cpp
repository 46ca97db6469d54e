// The kernels of one path: compiled once for each, with its flags and DIGITLAB_PATH, its name.
#include "kernels.h"

#include "distort.h"
#include "functions.h"
#include "regularize.h"
#include "sinks.h"
#include "softmax.h"

namespace digitlab {
namespace {

// work<V>(column) for slices of V vectors: as many as `widest`, and what is left. The last vector may reach beyond the end.
template <int widest, typename Number = float, typename Work>
void in_slices(Range columns, Work work) {
    constexpr int step = widest * static_cast<int>(sizeof(F) / sizeof(Number)), needed = widest > 1 ? step : 1;
    int column = columns.begin;
    for (; column + needed <= columns.end; column += step) work.template operator()<widest>(column);
    if constexpr (widest > 1)
        if (column < columns.end) in_slices<widest - 1, Number>({column, columns.end}, work);
}

// How much is worked on at once, in vectors of units. The first layer's weights of one slice, of 32 units, stay in the
// second-level cache; sums stay in registers.
constexpr int FORWARD = LANES < 16 ? 4 : 2, BACKWARD = 4;
constexpr int TILE = REGISTERS < 32 ? 2 : 4, TILE_ROWS = 6;

constexpr int DENSE_RUN = 32;  // products in the other layers that are summed by themselves; a block is a multiple of it

constexpr auto BYTES = [] {
    struct { float as_float[256]; } bytes{};
    for (int i = 0; i < 256; ++i) bytes.as_float[i] = static_cast<float>(i);
    return bytes;
}();
constexpr float PART = 1 / 255.0f, REST = static_cast<float>(1 / 255.0 - double{PART});  // what a byte is worth, in two parts

// Forward ------------------------------------------------------------------------------------------------------------

// Each run of pixels is summed by itself, so that fewer roundings meet a large sum.
template <int V>
void first_slice(float* z, ptrdiff_t z_row, const Lists& lists, const float* W, int column) {
    const float* w[V];
    F bias[V];
    for (int v = 0; v < V; ++v) w[v] = W + place(0, column + v * LANES), bias[v] = load(w[v]);
    for (int s = 0; s < lists.count; ++s, z += z_row) {
        const uint16_t* parts = lists.parts + s * (PARTS + 1);
        const Lit *lit = lists.by_sample + parts[0], *end = lists.by_sample + parts[PARTS];
        F total[V] = {};
        for (; lit < end; lit += RUN) {
            F sum[V] = {};
            for (int i = 0; i < RUN; ++i) {
                const F x[2] = {all(BYTES.as_float[lit[i].first]), all(BYTES.as_float[lit[i].second])};
                const size_t at = place(2 * lit[i].number, 0);
                for (int v = 0; v < V; ++v)
                    sum[v] = fma(x[1], load(w[v] + at + GROUP), fma(x[0], load(w[v] + at), sum[v]));
            }
            for (int v = 0; v < V; ++v) total[v] = total[v] + sum[v];
        }
        for (int v = 0; v < V; ++v)  // what is small comes first, so that nothing is rounded alike for all samples
            store(z + v * LANES, fma(total[v], all(PART), fma(total[v], all(REST), bias[v])));
    }
}

void first_layer(float* z, ptrdiff_t z_row, const Lists& lists, const float* W, Range columns) {
    in_slices<FORWARD>(columns, [&]<int V>(int column) { first_slice<V>(z + column, z_row, lists, W, column); });
}

// Some outputs of some rows: a tile small enough for the registers, in float32 or float64.
template <int V, int M, typename Number>
void product_tile(const Product<Number>& p, int row, int column) {
    using Vector = decltype(all(Number{}));
    constexpr int lanes = sizeof(Vector) / sizeof(Number);
    const float *A = p.A + row * p.A_row, *B = p.B + column;
    for (int first = 0; first < p.inner; first += DENSE_RUN) {
        const int end = first + DENSE_RUN < p.inner ? first + DENSE_RUN : p.inner;
        Vector sum[M][V];
        for (int v = 0; v < V; ++v) {
            const Vector start = p.start && !first ? load_as<Vector>(p.start + column + v * lanes) : Vector{};
            for (int m = 0; m < M; ++m) sum[m][v] = start;
        }
        for (int k = first; k < end; ++k, B += p.B_row) {
            Vector b[V];
            for (int v = 0; v < V; ++v) b[v] = load_as<Vector>(B + v * lanes), keep(b[v]);
            for (int m = 0; m < M; ++m) {
                const Vector a = all(Number{A[m * p.A_row + k]});
                for (int v = 0; v < V; ++v) sum[m][v] = fma(a, b[v], sum[m][v]);
            }
        }
        for (int m = 0; m < M; ++m)
            for (int v = 0; v < V; ++v) {
                Number* out = p.out + (row + m) * p.out_row + column + v * lanes;
                store(out, first ? load(out) + sum[m][v] : sum[m][v]);
            }
    }
}

template <typename Number>
void product(const Product<Number>& p) {
    in_slices<TILE, Number>(p.columns, [&]<int V>(int column) {
        int row = 0;
        for (; row + TILE_ROWS <= p.rows; row += TILE_ROWS) product_tile<V, TILE_ROWS>(p, row, column);
        for (; row < p.rows; ++row) product_tile<V, 1>(p, row, column);
    });
}

template <typename Work>
void each(int samples, Range columns, Work work) {
    for (int s = 0; s < samples; ++s)
        for (int n = columns.begin; n < columns.end; n += LANES) work(s, n);
}

void activate(Activation::Kind kind, float* a, const float* z, ptrdiff_t row, int samples, Range columns) {
    by_kind<ACTIVATIONS>(kind, [&]<Activation::Kind known> {
        each(samples, columns, [&](int s, int n) { store(a + s * row + n, activation<known>(load(z + s * row + n))); });
    });
}

void softmax(float* delta, ptrdiff_t row, const double* logits, ptrdiff_t logits_row, int classes, const uint8_t* labels,
             double smoothing, int samples, double* room, Loss& loss) {
    for (int first = 0; first < samples; first += SAMPLES) {
        const int count = samples - first < SAMPLES ? samples - first : SAMPLES;
        auto powers = reinterpret_cast<double(*)[SAMPLES]>(room);
        softmax_samples(delta + first * row, row, logits + first * logits_row, logits_row, classes, labels + first, smoothing,
                        count, powers, loss);
    }
}

// Backward -----------------------------------------------------------------------------------------------------------

void slope(Activation::Kind kind, float* delta, ptrdiff_t delta_row, const float* z, const float* a, ptrdiff_t row, int samples,
           Range columns) {
    by_kind<ACTIVATIONS>(kind, [&]<Activation::Kind known> {
        each(samples, columns, [&](int s, int n) {
            float* to = delta + s * delta_row + n;
            store(to, load(to) * derivative<known>(load(z + s * row + n), load(a + s * row + n)));
        });
    });
}

void multiply(float* delta, ptrdiff_t delta_row, const float* by, ptrdiff_t by_row, int samples, Range columns) {
    each(samples, columns, [&](int s, int n) {
        float* to = delta + s * delta_row + n;
        store(to, load(to) * load(by + s * by_row + n));
    });
}

void to_grid(float* delta, ptrdiff_t row, const float* factor, int samples, Range columns) {
    for (int n = columns.begin; n < columns.end; n += LANES) {
        const F grid = factor ? load(factor + n) : all(1.0f), back = all(1.0f) / grid;  // powers of two: no digit is lost
        const F high = all(PART) * grid, low = all(REST) * grid;
        for (float* to = delta + n; to < delta + n + samples * row; to += row) {
            const F x = load(to), y = fma(x, high, x * low);
            store(to, factor ? nearest(y) * back : y);
        }
    }
}

// A float32 sum, rounded to the grid, and added to those before.
DIGITLAB_INLINE void add_block(Wide& total, F sum, D round) {
    const Wide x = wide(sum);
    total.low += (x.low + round) - round;
    total.high += (x.high + round) - round;
}

// The sums of two neighbouring pixels in one block. With a grid, each product and each float32 sum is a multiple of it.
template <int V>
DIGITLAB_INLINE void pair_sums(F (&sum)[2][V], const Lit* lit, const Lit* end, const float* delta, ptrdiff_t row) {
    for (int v = 0; v < V; ++v) sum[0][v] = sum[1][v] = F{};
    for (; lit < end; ++lit) {
        const float* from = delta + lit->number * row;
        const F x[2] = {all(BYTES.as_float[lit->first]), all(BYTES.as_float[lit->second])};
        for (int v = 0; v < V; ++v) {
            F d = load(from + v * LANES);
            keep(d);
            for (int i = 0; i < 2; ++i) sum[i][v] = fma(x[i], d, sum[i][v]);
        }
    }
}

DIGITLAB_INLINE auto places(int row, int column) {
    return [=](int v) { return place(row, column + v * LANES); };
}

// Of all pairs, for the samples of one block.
template <int V, typename Sink>
DIGITLAB_INLINE void block_gradient(const Lists& lists, const float* delta, ptrdiff_t row, int column, Sink& sink) {
    for (int pair = 0; pair < PAIRS; ++pair) {
        const Lit *lit = lists.by_pair + lists.begin[pair], *end = lists.by_pair + lists.end[pair];
        if (lit == end && sink.skips_zeros()) continue;
        F sum[2][V];
        pair_sums<V>(sum, lit, end, delta, row);
        for (int i = 0; i < 2; ++i) sink.template take<V>(places(2 * pair + i, column), [&](int v) { return sum[i][v]; });
    }
}

// The same for the samples of some blocks, as a step is taken for all of them at once.
template <int V, typename Sink>
DIGITLAB_INLINE void blocks_gradient(const Gradient& g, int column, Sink& sink) {
    for (int pair = 0; pair < PAIRS; ++pair) {
        Wide total[2][V] = {};
        bool any = false;
        for (int block = 0; block * BLOCK < g.samples; ++block) {
            const Lists& lists = g.lists[block];
            const Lit *lit = lists.by_pair + lists.begin[pair], *end = lists.by_pair + lists.end[pair];
            if (lit == end) continue;
            any = true;
            F sum[2][V];
            pair_sums<V>(sum, lit, end, g.delta + block * BLOCK * g.delta_row + column, g.delta_row);
            for (int i = 0; i < 2; ++i)
                for (int v = 0; v < V; ++v) add_block(total[i][v], sum[i][v], D{});
        }
        if (!any && sink.skips_zeros()) continue;
        for (int i = 0; i < 2; ++i) sink.template take<V>(places(2 * pair + i, column), [&](int v) { return total[i][v]; });
    }
}

bool first_gradient(const Gradient& g, const Target& to) {
    return with_sink(to, [&](auto sink) {
        in_slices<BACKWARD>(g.columns, [&]<int V>(int column) {
            if (g.samples > BLOCK && !to.sums) return blocks_gradient<V>(g, column, sink);
            for (int block = 0; block * BLOCK < g.samples; ++block)  // its deltas stay in the nearest cache
                block_gradient<V>(g.lists[block], g.delta + block * BLOCK * g.delta_row + column, g.delta_row, column, sink);
        });
        return sink;
    });
}

template <int V, int M, typename Sink>
void gradient_tile(const Gradient& g, ptrdiff_t stride, int row, int column, Sink& sink) {
    Wide total[M][V] = {};
    const D round = all(g.round);
    for (int first = 0; first < g.samples; first += DENSE_RUN) {
        F sum[M][V] = {};
        const int end = first + DENSE_RUN < g.samples ? first + DENSE_RUN : g.samples;
        for (int s = first; s < end; ++s) {
            const float *in = g.inputs + s * g.inputs_row + row, *delta = g.delta + s * g.delta_row + column;
            F d[V];
            for (int v = 0; v < V; ++v) d[v] = load(delta + v * LANES), keep(d[v]);
            for (int m = 0; m < M; ++m) {
                const F x = all(in[m]);
                for (int v = 0; v < V; ++v) sum[m][v] = fma(x, d[v], sum[m][v]);
            }
        }
        for (int m = 0; m < M; ++m)
            for (int v = 0; v < V; ++v) add_block(total[m][v], sum[m][v], round);
    }
    for (int m = 0; m < M; ++m) {
        const ptrdiff_t at = (row + m) * stride + column;
        sink.template take<V>([=](int v) { return at + v * LANES; }, [&](int v) { return total[m][v]; });
    }
}

bool gradient(const Gradient& g, const Target& to) {
    return with_sink(to, [&](auto sink) {
        in_slices<TILE>(g.columns, [&]<int V>(int column) {
            int row = g.rows.begin;
            for (; row + TILE_ROWS <= g.rows.end; row += TILE_ROWS) gradient_tile<V, TILE_ROWS>(g, to.stride, row, column, sink);
            for (; row < g.rows.end; ++row) gradient_tile<V, 1>(g, to.stride, row, column, sink);
        });
        return sink;
    });
}

void transpose(float* out, ptrdiff_t out_row, const float* in, ptrdiff_t in_row, Range rows, int columns) {
    constexpr int LINE = 16;  // floats in a cache line
    for (int i = rows.begin; i < rows.end; i += LINE)
        for (int j = 0; j < columns; ++j)
            for (int k = i; k < rows.end && k < i + LINE; ++k) out[j * out_row + k] = in[k * in_row + j];
}

void reach(float* out, const float* W, Range columns) {
    for (int n = columns.begin; n < columns.end; n += LANES) {
        F sum{};
        for (int row = 0; row < FIRST_ROWS; ++row) sum = sum + size_of(load(W + place(row, n)));
        store(out + n, sum);
    }
}

}  // namespace

#define DIGITLAB_TEXT_OF(name) #name
#define DIGITLAB_TEXT(name) DIGITLAB_TEXT_OF(name)
#define DIGITLAB_JOIN_OF(name) name##_kernels
#define DIGITLAB_JOIN(name) DIGITLAB_JOIN_OF(name)

extern const Kernels DIGITLAB_JOIN(DIGITLAB_PATH);
const Kernels DIGITLAB_JOIN(DIGITLAB_PATH) = {
    DIGITLAB_TEXT(DIGITLAB_PATH), first_layer, product<float>, product<double>, activate, slope, multiply, drop, to_grid, softmax,
    first_gradient, gradient, transpose, limit, reach, distort};

}  // namespace digitlab
