#include "session.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>

#include "gathered.h"

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

// Products on AMX need to be set up in each thread.
struct ProductsAllowed {
    const Kernels& kernels;
    explicit ProductsAllowed(const Kernels& k) : kernels(k) { kernels.begin(); }
    ~ProductsAllowed() { kernels.end(); }
};

template <typename Visit>
static void own_tiles(const Shape& shape, const Worker& worker, Visit visit) {
    for (int l = 0; l < shape.layers(); ++l) {
        const int tiles_here = shape.unit_tiles(l);
        for (int tile = worker.begin(tiles_here); tile < worker.end(tiles_here); ++tile) visit(l, tile);
    }
}

constexpr int COLUMNS_AT_ONCE = 8;  // tiles

static int units_end(const Shape& shape, int layer, int tile) { return std::min((tile + 1) * TILE, shape.outputs(layer)); }

// One call of `sums`. -------------------------------------------------------------------------------------------------

class Session::Sums {
  public:
    Sums(Session& session, Selection selection, double* gradient)
        : s_(session), selection_(selection), flat_(gradient), in_order_(session.shape_.layers() > 2) {
        blocks_ = (selection.count + MAX_BLOCK - 1) / MAX_BLOCK;
        in_tiles_ = !selection.indices && selection.start % TILE == 0;
        for (int l = 0; l < s_.shape_.layers(); ++l) {
            columns_.push_back(l == 0 ? round_up(s_.pixels_.constant() + 1, LANES) : round_up(s_.shape_.inputs(l), LANES));
            const size_t units = s_.shape_.unit_tiles(l) * TILE;
            W_.emplace_back(units * columns_[l]);
            b_.emplace_back(units);
        }
    }

    Answer run(const float* parameters, const std::function<bool()>& interrupted) {
        in_tiles_ ? s_.pixels_.need_tiles() : s_.pixels_.need_rows();
        const int workers = s_.team_.size();
        std::atomic<bool> finite{true};
        s_.team_.run(workers, [&](const Worker& worker) {
            own_tiles(s_.shape_, worker, [&](int l, int tile) {
                s_.model_.parameters.load(parameters, l, tile);
                if (!s_.model_.prepare_tile(l, tile)) finite = false;
            });
            worker.meet();
            if (!finite) return;
            work(worker.index, interrupted);
            worker.meet();
            own_tiles(s_.shape_, worker, [&](int l, int tile) { save(l, tile); });
        });
        if (!finite) throw NotFinite();
        if (stopped_) throw Interrupted();
        return answer_;
    }

  private:
    // Takes blocks of samples until there are none left.
    void work(int index, const std::function<bool()>& interrupted) {
        const Worker alone{0, 1, nullptr};
        auto& block = s_.blocks_[index];
        if (!block) block = std::make_unique<Block>(s_.shape_, s_.pixels_, s_.kernels_, MAX_BLOCK);
        std::unique_ptr<Gathered> gathered;
        if (!in_tiles_) gathered = std::make_unique<Gathered>(s_.pixels_, s_.kernels_, s_.labels_, MAX_BLOCK);
        ProductsAllowed allowed(s_.kernels_);
        Answer mine;
        int64_t summed = 0;  // samples in the block's integer sums
        for (int64_t number; (number = next_.fetch_add(1)) < blocks_ && !stopped_;) {
            const Samples samples = samples_of(number, gathered.get());
            if (!in_order_ && summed + samples.count > MAX_SAMPLES_SUMMED) collect(*block), summed = 0;
            block->first_layer(s_.model_, samples, alone);
            const Loss loss = block->rest(s_.model_, samples, alone);
            block->deltas(s_.model_, samples, alone);
            own_tiles(s_.shape_, alone, [&](int l, int tile) {
                block->pack_tile(samples, l, tile);
                block->sum_tile(samples, l, tile, block->all_columns(l), summed > 0);
            });
            summed += samples.count;
            mine.loss += loss.total, mine.hits += loss.hits;
            if (in_order_) {  // each block has a grid of its own: float64 sums that depend on their order
                wait_for_turn(number);
                collect(*block), summed = 0;
                turn_done();
            }
            if (index == 0 && interrupted()) stop();
        }
        if (summed > 0) collect(*block);
        std::lock_guard lock(mutex_);
        answer_.loss += mine.loss, answer_.hits += mine.hits;
    }

    Samples samples_of(int64_t number, Gathered* gathered) {
        const int64_t first = selection_.start + number * MAX_BLOCK;
        const int count = static_cast<int>(std::min<int64_t>(MAX_BLOCK, selection_.start + selection_.count - first));
        if (in_tiles_) {
            Samples samples{s_.pixels_.tiles(first), s_.pixels_.used(first), s_.labels_ + first, count};
            const int64_t later = number + s_.team_.size();  // most likely this thread's next block
            if (later + 1 < blocks_) samples.soon = s_.pixels_.tiles(selection_.start + later * MAX_BLOCK);
            return samples;
        }
        const int64_t* indices = selection_.indices;
        gathered->gather(count, Worker{0, 1, nullptr}, [&](int i) { return indices ? indices[first + i] : first + i; });
        return gathered->samples(count);
    }

    void collect(const Block& block) {
        std::lock_guard lock(collecting_);
        own_tiles(s_.shape_, Worker{0, 1, nullptr}, [&](int l, int tile) {
            for (int unit = tile * TILE; unit < units_end(s_.shape_, l, tile); ++unit) {
                const Columns all = block.all_columns(l);
                const Collect sums = block.sums_of(l, unit, all);
                s_.kernels_.collect(&W_[l][static_cast<size_t>(unit) * columns_[l]], sums);
                b_[l][unit] += block.bias_gradient(l, unit, all);
            }
        });
    }

    void wait_for_turn(int64_t number) {
        std::unique_lock lock(mutex_);
        turned_.wait(lock, [&] { return turn_ == number || stopped_; });
    }

    void turn_done() {
        std::lock_guard lock(mutex_);
        ++turn_;
        turned_.notify_all();
    }

    void stop() {
        std::lock_guard lock(mutex_);
        stopped_ = true;
        turned_.notify_all();
    }

    void save(int layer, int tile) {
        const int outputs = s_.shape_.outputs(layer);
        int64_t at = flat_start(s_.shape_, layer);
        for (int input = 0; input < s_.shape_.inputs(layer); ++input, at += outputs) {
            const int column = column_of(s_.pixels_, layer, input);
            const bool lit = layer > 0 || column < s_.pixels_.constant();
            for (int unit = tile * TILE; unit < units_end(s_.shape_, layer, tile); ++unit)
                flat_[at + unit] = lit ? W_[layer][static_cast<size_t>(unit) * columns_[layer] + column] : 0.0;
        }
        for (int unit = tile * TILE; unit < units_end(s_.shape_, layer, tile); ++unit) flat_[at + unit] = b_[layer][unit];
    }

    Session& s_;
    const Selection selection_;
    double* const flat_;
    const bool in_order_;
    bool in_tiles_;
    int64_t blocks_;
    std::vector<int> columns_;
    std::vector<Buffer<double>> W_, b_;  // the gradient, in rows as in Parameters
    std::atomic<int64_t> next_{0};
    std::atomic<bool> stopped_{false};
    std::mutex mutex_, collecting_;
    std::condition_variable turned_;
    int64_t turn_ = 0;
    Answer answer_;
};

Answer Session::sums(const float* parameters, Selection selection, double* gradient,
                     const std::function<bool()>& interrupted) {
    std::lock_guard lock(one_call_);
    return Sums(*this, selection, gradient).run(parameters, interrupted);
}

// One call of `advance`. ----------------------------------------------------------------------------------------------

class Session::Steps {
  public:
    Steps(Session& session, const int64_t* indices, const std::vector<int64_t>& ends, const std::vector<Step>& steps)
        : s_(session), indices_(indices), ends_(ends), steps_(steps), first_(s_.shape_, s_.pixels_),
          second_(s_.shape_, s_.pixels_), losses_(s_.team_.size()) {
        int64_t largest = 0, begin = 0;
        for (const int64_t end : ends) largest = std::max(largest, end - begin), begin = end;
        block_ = std::make_unique<Block>(s_.shape_, s_.pixels_, s_.kernels_, static_cast<int>(largest));
        for (auto& batch : batches_)
            batch = std::make_unique<Gathered>(s_.pixels_, s_.kernels_, s_.labels_, static_cast<int>(largest));
    }

    // Takes `count` steps, or as many as stay finite; returns how many. Writes nothing back if that is fewer.
    int run(int count, float* parameters, float* first, float* second, Journey* journey,
            const std::function<bool()>& interrupted) {
        failed_ = count;
        s_.team_.run(s_.team_.size(), [&](const Worker& worker) {
            own_tiles(s_.shape_, worker, [&](int l, int tile) {
                s_.model_.parameters.load(parameters, l, tile);
                if (first) first_.load(first, l, tile);
                if (second) second_.load(second, l, tile);
                if (!s_.model_.prepare_tile(l, tile)) fail(0);
            });
            gather(0, worker);
            worker.meet();
            if (failed_ < count) return;
            ProductsAllowed allowed(s_.kernels_);
            for (int number = 0; number < count; ++number)
                if (!one_step(number, count, worker, journey, interrupted)) break;
            worker.meet();
            if (failed_ < count || stopped_) return;
            own_tiles(s_.shape_, worker, [&](int l, int tile) {
                s_.model_.parameters.save(parameters, l, tile);
                if (first) first_.save(first, l, tile);
                if (second) second_.save(second, l, tile);
            });
        });
        if (stopped_) throw Interrupted();
        return failed_;
    }

  private:
    void gather(int number, const Worker& worker) {
        const int64_t begin = number ? ends_[number - 1] : 0;
        batches_[number % 2]->gather(static_cast<int>(ends_[number] - begin), worker,
                                     [&](int i) { return indices_[begin + i]; });
    }

    // False where there is no step to take; all workers agree, as they decide on what they all saw at a meeting.
    bool one_step(int number, int count, const Worker& worker, Journey* journey, const std::function<bool()>& interrupted) {
        const int64_t samples_count = ends_[number] - (number ? ends_[number - 1] : 0);
        const Samples samples = batches_[number % 2]->samples(static_cast<int>(samples_count));
        if (worker.index == 0 && interrupted()) stopped_ = true;
        block_->first_layer(s_.model_, samples, worker);
        if (number + 1 < count) gather(number + 1, worker);
        worker.meet();
        if (stopped_) return false;
        losses_[worker.index] = block_->rest(s_.model_, samples, worker);
        worker.meet();
        Loss loss;
        for (int i = 0; i < worker.count; ++i) loss.total += losses_[i].total, loss.hits += losses_[i].hits;
        if (!std::isfinite(loss.total)) {
            if (worker.index == 0) fail(number);
            return false;
        }
        if (worker.index == 0 && journey) journey->losses.push_back(loss.total), journey->hits.push_back(loss.hits);
        block_->deltas(s_.model_, samples, worker);
        own_tiles(s_.shape_, worker, [&](int l, int tile) {
            if (!step_tile(number, samples, l, tile)) fail(number);
        });
        worker.meet();  // the next step writes what the others may still read
        return failed_ == count;
    }

    // The gradient and the optimizer's step for the units of one tile. False where it leads beyond the finite numbers.
    bool step_tile(int number, const Samples& samples, int l, int tile) {
        LayerRows &rows = s_.model_.parameters.layer(l), &first = first_.layer(l), &second = second_.layer(l);
        const int inputs = l == 0 ? s_.pixels_.constant() : s_.shape_.inputs(l), end = units_end(s_.shape_, l, tile);
        thread_local std::vector<float> gradient;  // [units][columns]
        gradient.resize(static_cast<size_t>(TILE) * rows.columns);
        alignas(64) float bias[TILE] = {};
        block_->pack_tile(samples, l, tile);
        const Columns all = block_->all_columns(l);
        const int share = l == 0 ? COLUMNS_AT_ONCE : all.count;  // sums of so many columns stay in the cache nearest to the core
        for (int at = 0; at < all.count; at += share) {
            const Columns columns{at, std::min(share, all.count - at)};
            block_->sum_tile(samples, l, tile, columns, false);
            for (int unit = tile * TILE; unit < end; ++unit) {
                Collect sums = block_->sums_of(l, unit, columns);
                sums.samples = samples.count, sums.few = samples.count <= FEW;
                s_.kernels_.collect_mean(&gradient[static_cast<size_t>(unit % TILE) * rows.columns + at * TILE], sums);
                if (at + share >= all.count)
                    bias[unit % TILE] = static_cast<float>(block_->bias_gradient(l, unit, columns) / samples.count);
            }
        }
        for (int unit = tile * TILE; unit < end; ++unit) {
            float* row = &gradient[static_cast<size_t>(unit % TILE) * rows.columns];
            std::fill(row + inputs, row + rows.columns, 0.0f);
            s_.kernels_.step(steps_[number], rows.row(unit), first.row(unit), second.row(unit), row, rows.columns);
        }
        const int at = tile * TILE;
        s_.kernels_.step(steps_[number], &rows.b[at], &first.b[at], &second.b[at], bias, TILE);
        return s_.model_.prepare_tile(l, tile);
    }

    void fail(int number) {
        int seen = failed_.load();
        while (number < seen && !failed_.compare_exchange_weak(seen, number)) {
        }
    }

    Session& s_;
    const int64_t* indices_;
    const std::vector<int64_t>& ends_;
    const std::vector<Step>& steps_;
    Parameters first_, second_;  // the optimizer's memory
    std::unique_ptr<Block> block_;
    std::unique_ptr<Gathered> batches_[2];  // this step's samples and the next one's
    std::vector<Loss> losses_;              // each worker's share
    std::atomic<int> failed_{0};
    std::atomic<bool> stopped_{false};
};

Journey Session::advance(float* parameters, float* first, float* second, const int64_t* indices,
                         const std::vector<int64_t>& ends, const std::vector<Step>& steps,
                         const std::function<bool()>& interrupted) {
    std::lock_guard lock(one_call_);
    pixels_.need_rows();
    Journey journey;
    const int count = static_cast<int>(ends.size());
    Steps all(*this, indices, ends, steps);
    journey.done = all.run(count, parameters, first, second, &journey, interrupted);
    if (journey.done < count) {  // nothing was written back: take the good steps once more, and only those
        journey.losses.resize(journey.done), journey.hits.resize(journey.done);
        if (journey.done > 0) all.run(journey.done, parameters, first, second, nullptr, interrupted);
    }
    return journey;
}

}  // namespace digitlab
