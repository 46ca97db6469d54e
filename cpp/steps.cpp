// One call of `Session::advance`: a step for each mini-batch, without coming back to Python in between.
#include <atomic>
#include <cmath>

#include "gathered.h"
#include "shares.h"

namespace digitlab {

constexpr int COLUMNS_AT_ONCE = 4;  // tiles whose sums stay in the cache nearest to the core

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
        const int share = l == 0 ? COLUMNS_AT_ONCE : all.count;
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
    pixels_.need_rows(interrupted);
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
