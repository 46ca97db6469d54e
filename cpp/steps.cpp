// One call of `Session::advance`: a step for each mini-batch, without coming back to Python in between.
#include <atomic>
#include <cmath>

#include "gathered.h"
#include "session.h"

namespace digitlab {

constexpr int COLUMNS_AT_ONCE = 4;  // tiles whose sums stay in the cache nearest to the core

class Session::Steps {
  public:
    Steps(Session& session, const Batches& batches, const Rule& rule, const std::vector<Step>& steps)
        : s_(session), batches_(batches), rule_(rule), steps_(steps), losses_(s_.team_.size()) {
        int largest = 0;
        for (size_t i = 0; i < steps.size(); ++i) largest = std::max(largest, batches.size(static_cast<int>(i)));
        block_ = std::make_unique<Block>(s_.shape_, s_.pixels_, s_.kernels_, largest);
        for (auto& samples : gathered_)
            samples = std::make_unique<Gathered>(s_.pixels_, s_.kernels_, s_.labels_, largest);
        for (size_t i = 0; i < rule.memory; ++i) memory_.emplace_back(s_.shape_, s_.pixels_);
    }

    // Takes `count` steps, or as many as stay finite; returns how many. Writes nothing back if that is fewer.
    int run(int count, float* parameters, const std::vector<float*>& memory, StepResults* results,
            const Question& interrupted) {
        failed_ = count;
        s_.team_.run([&](const Worker& worker) {
            own_tiles(s_.shape_, worker, [&](int l, int tile) {
                s_.model_.parameters.load(parameters, l, tile);
                for (size_t i = 0; i < memory_.size(); ++i) memory_[i].load(memory[i], l, tile);
                if (!s_.model_.prepare_tile(l, tile)) fail(0);
            });
            gather(0, worker);
            worker.meet();
            if (failed_ < count) return;
            ProductsAllowed allowed(s_.kernels_);
            for (int number = 0; number < count; ++number)
                if (!one_step(number, count, worker, results, interrupted)) break;
            worker.meet();
            if (failed_ < count || stopped_) return;
            own_tiles(s_.shape_, worker, [&](int l, int tile) {
                s_.model_.parameters.save(parameters, l, tile);
                for (size_t i = 0; i < memory_.size(); ++i) memory_[i].save(memory[i], l, tile);
            });
        });
        if (stopped_) throw Interrupted();
        return failed_;
    }

  private:
    void gather(int number, const Worker& worker) {
        const int64_t* indices = batches_.indices + batches_.begin(number);
        gathered_[number % 2]->gather(batches_.size(number), worker, [&](int i) { return indices[i]; });
    }

    // False where there is no step to take; all workers agree, as they decide on what they all saw at a meeting.
    bool one_step(int number, int count, const Worker& worker, StepResults* results, const Question& interrupted) {
        const Samples samples = gathered_[number % 2]->samples(batches_.size(number));
        if (worker.index == 0 && interrupted()) stopped_ = true;
        block_->first_layer(s_.model_, samples, worker);
        if (number + 1 < count) gather(number + 1, worker);
        worker.meet();
        if (stopped_) return false;
        losses_[worker.index] = block_->rest(s_.model_, samples, worker);
        worker.meet();
        Loss loss;
        for (int i = 0; i < worker.count; ++i) loss += losses_[i];
        if (!std::isfinite(loss.total)) {
            if (worker.index == 0) fail(number);
            return false;
        }
        if (worker.index == 0 && results) results->losses.push_back(loss.total), results->hits.push_back(loss.hits);
        block_->deltas(s_.model_, samples, worker);
        own_tiles(s_.shape_, worker, [&](int l, int tile) {
            if (!step_tile(number, samples, l, tile)) fail(number);
        });
        worker.meet();  // the next step writes what the others may still read
        return failed_ == count;
    }

    // The gradient and the optimizer's step for the units of one tile. False where it leads beyond the finite numbers.
    bool step_tile(int number, const Samples& samples, int l, int tile) {
        LayerRows<float>& rows = s_.model_.parameters.layer(l);
        const int inputs = l == 0 ? s_.pixels_.constant() : s_.shape_.inputs(l), end = s_.shape_.units_end(l, tile);
        thread_local std::vector<float> gradient;  // [units][columns]
        gradient.resize(static_cast<size_t>(TILE) * rows.columns);
        alignas(64) float bias[TILE] = {};
        float* memory[MOST_MEMORY] = {};
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
            for (size_t i = 0; i < memory_.size(); ++i) memory[i] = memory_[i].layer(l).row(unit);
            s_.kernels_.step(rule_.kind, steps_[number], rows.row(unit), memory, row, rows.columns);
        }
        for (size_t i = 0; i < memory_.size(); ++i) memory[i] = &memory_[i].layer(l).b[tile * TILE];
        s_.kernels_.step(rule_.kind, steps_[number], &rows.b[tile * TILE], memory, bias, TILE);
        return s_.model_.prepare_tile(l, tile);
    }

    void fail(int number) {
        for (int seen = failed_; number < seen && !failed_.compare_exchange_weak(seen, number);) {
        }
    }

    Session& s_;
    const Batches& batches_;
    const Rule& rule_;
    const std::vector<Step>& steps_;
    std::vector<Parameters> memory_;  // the optimizer's
    std::unique_ptr<Block> block_;
    std::unique_ptr<Gathered> gathered_[2];  // this step's samples and the next one's
    std::vector<Loss> losses_;               // each worker's share
    std::atomic<int> failed_{0};
    std::atomic<bool> stopped_{false};
};

StepResults Session::advance(float* parameters, const std::vector<float*>& memory, const Batches& batches, const Rule& rule,
                             const std::vector<Step>& steps, const Question& interrupted) {
    if (memory.size() != rule.memory) throw std::invalid_argument("another number of vectors than the rule keeps");
    std::lock_guard lock(one_call_);
    pixels_.need_rows(interrupted);
    StepResults results;
    const int count = static_cast<int>(steps.size());
    Steps all(*this, batches, rule, steps);
    const int done = all.run(count, parameters, memory, &results, interrupted);
    if (done < count) {  // nothing was written back: take the good steps once more, and only those
        results.losses.resize(done), results.hits.resize(done);
        if (done > 0) all.run(done, parameters, memory, nullptr, interrupted);
    }
    return results;
}

}  // namespace digitlab
