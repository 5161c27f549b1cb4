#include "experiment/runner.h"

#include <torch/types.h>
#include <torch/utils.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <thread>

#include "device/world.h"
#include "evaluate/evaluation.h"
#include "experiment/environment.h"
#include "experiment/result_of.h"
#include "experiment/task_maker.h"
#include "results/masks.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/json.h"
#include "train/widths.h"

namespace senet {

namespace {

constexpr std::chrono::seconds kWait{1};

// Thrown out of a task when another process runs one of its phases now.
struct PhaseElsewhere final : Error {
  PhaseElsewhere(const std::string& what, std::string phase_kind, std::string phase_key)
      : Error(what, Exit::interrupted), kind(std::move(phase_kind)), key(std::move(phase_key)) {}
  std::string kind, key;
};

// Thrown out of a task whose phase failed, now or for an earlier task of this run.
class PhaseFailed final : public Error {
 public:
  PhaseFailed(const Error& error, std::string kind) : Error(error.what(), error.exit()), phase(std::move(kind)) {}
  std::string phase;
};

// Thrown out of a task that a rank follows, once its phase has run.
struct Followed final : std::exception {};

// Which phase the other ranks are to run too.
void call_followers(const Task& task, const std::string& key) {
  if (!world()) return;
  const Json call = {{"cell", task.cell->label}, {"budget", task.budget_text}, {"seed", task.seed}, {"key", key}};
  world()->of_first(call.dump());
  world()->begin_work();
}

// What a plugin gives before anything is trained: when it is unsound, there is something to put right (exit code 2).
void as_usage(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    throw Error(error.what(), error.exit() == Exit::failure ? Exit::usage : error.exit());
  }
}

// Where results are going to be written, asked before anything is trained for them.
void check_writable(const std::filesystem::path& file) {
  if (std::filesystem::exists(file) && !std::filesystem::is_regular_file(file)) {
    fail_usage(file.string(), ": is where a result is to be written, and is no file");
  }
  std::filesystem::path folder = file.parent_path();
  while (!folder.empty() && !std::filesystem::exists(folder)) folder = folder.parent_path();
  if (folder.empty()) folder = ".";
  if (!std::filesystem::is_directory(folder))
    fail_usage(folder.string(), ": is where results are to be written, and is no folder");
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    fail_usage(folder.string(), ": results cannot be written there: ", std::strerror(errno),
               "; give another folder with --results");
  }
}

// Notes where a phase runs, and what other processes, of another revision or machine, worked on it before: their
// checkpoints are gone on from.
void note_environment(const Environment& now, PhaseRecord& record) {
  std::vector<Environment>& earlier = record.earlier_environments;
  try {
    earlier = environments_of_begun(record.folder);
  } catch (const Error&) {
    Environment unknown;
    unknown.revision = "unknown";
    earlier = {unknown};
  }
  earlier.erase(std::remove(earlier.begin(), earlier.end(), now), earlier.end());
  record.environment = now;
  Json all = Json::array();
  for (const Environment& one : earlier) all.push_back(to_json(one));
  all.push_back(to_json(now));
  write_atomically(record.folder / kEnvironments, all.dump(2) + "\n");
}

// A training that keeps the best epoch's network chooses it by held-out images.
void check_best_epoch(const DataSplits& data, const std::string& section, const Options& options) {
  if (section == "training" || data.held_out.count() > 0) return;
  for (const std::string& prefix : trainings_of(options)) {
    const std::string option = prefix.empty() ? "best_epoch" : prefix + ".best_epoch";
    if (options.has(option) && options.boolean(option))
      refuse_without_held_out(text(options.item(option).origin, ": ", section, ".", option));
  }
}

// Networks of one section's model options. A network of each shape is counted once, before one is trained: what it
// computes outside its sites is known then.
CellModel make_model(const PluginHost& plugins, const std::string& name, const Options& options,
                     const NetworkShape& input) {
  const std::shared_ptr<Model> model = plugins.make<Model>(name, options);
  const auto counted = std::make_shared<std::map<std::string, NetworkCounts>>();
  CellModel made;
  made.build = [model, name, counted](const NetworkShape& shape) {
    std::shared_ptr<Network> network;
    PluginHost::guard(PluginKind::model, name, [&] {
      network = model->build(shape);
      SENET_CHECK(network && !network->sites().empty(), "built no network, or one without ReLU sites");
      const std::string of_shape = text(shape.scale, " ", shape.stem_stride, " ", torch::IntArrayRef(shape.blocks));
      if (counted->count(of_shape) == 0) counted->emplace(of_shape, count(*network));
    });
    return network;
  };
  as_usage([&] { made.relus = made.build(input)->relus(); });
  made.not_counted = counted->begin()->second.not_counted;
  return made;
}

// Budgets, masks and weights go between teacher and student by the names of sites and layers.
void check_student(const Options& student, const Network& network, const Network& teacher) {
  const auto parts_of = [](const Network& of) {
    std::map<std::string, std::vector<int64_t>> parts;
    for (const ReluSite& site : of.sites()) parts["ReLU site " + site.name()] = torch::IntArrayRef(site.shape()).vec();
    for (const auto& weight : of.named_parameters()) parts["weight " + weight.key()] = weight.value().sizes().vec();
    return parts;
  };
  const auto parts = parts_of(network), known = parts_of(teacher);
  std::string wrong;
  for (const auto& [part, shape] : parts) {
    const auto same = known.find(part);
    if (same == known.end() || same->second != shape) {
      wrong = text("a ", part, " of ", torch::IntArrayRef(shape), ", which the model has not");
    }
  }
  for (const ReluSite& site : teacher.sites()) {
    if (parts.count("ReLU site " + site.name()) == 0) wrong = text("no ReLU site ", site.name(), ", as the model has");
  }
  if (wrong.empty()) return;
  const Options::Item& first = student.items().front();
  fail_usage(first.origin, ": student.", first.declaration.name, ": the student has ", wrong,
             "; expected the model's ReLU sites, and no weight that the model has not");
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  char buffer[32];
  std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return buffer;
}

}  // namespace

std::string RunFailure::description() const {
  return text("failed: cell ", cell, ", budget ", budget, ", seed ", seed, ", ", phase, ": ", message);
}

std::shared_ptr<Laboratory> make_laboratory(const Cell& cell, const PluginHost& plugins, const torch::Device& device) {
  auto laboratory = std::make_shared<Laboratory>();
  const Options& dataset_options = cell.section("dataset");
  const std::string dataset_name = dataset_options.text("plugin");
  const auto dataset = is_packed(dataset_options) ? nullptr : plugins.make<Dataset>(dataset_name, dataset_options);
  as_usage([&] {
    PluginHost::guard(PluginKind::dataset, dataset_name,
                      [&] { laboratory->data = make_splits(dataset.get(), dataset_options, dataset_name); });
  });
  const std::string model_name = cell.section("model").text("plugin");
  const NetworkShape& input = laboratory->data.input;
  laboratory->model = laboratory->student = make_model(plugins, model_name, cell.section("model"), input);
  if (const Options& student = cell.section("student"); !student.items().empty()) {
    const Options options = model_of_student(cell.section("model"), student);
    laboratory->student = make_model(plugins, model_name, options, input);
    check_student(student, *laboratory->student.build(input), *laboratory->model.build(input));
  }
  laboratory->device = device;
  laboratory->precision = resolve_precision(cell.section("training").text("precision"), device);
  return laboratory;
}

Runner::Runner(const PluginHost& plugins, RunFolders folders, torch::Device device, RunListener& listener)
    : plugins_(plugins), folders_(std::move(folders)), device_(device), listener_(listener), store_(folders_.runs) {}

const Laboratory& Runner::laboratory_of(const Cell& cell) {
  const std::string key = to_json(cell.section("dataset")).dump() + to_json(cell.section("model")).dump() +
                          to_json(cell.section("student")).dump() + cell.section("training").text("precision");
  auto& laboratory = laboratories_[key];
  if (!laboratory) {
    laboratory = make_laboratory(cell, plugins_, device_);
    if (laboratory->data.left_out > 0) {
      listener_.message(text(laboratory->data.left_out, " images cannot be decoded and are left out"));
    }
    for (const std::string& operation : laboratory->model.not_counted)
      listener_.message(text("not counted, in no budget: the model's ", operation));
  }
  return *laboratory;
}

const std::vector<Task>& Runner::tasks(const Plan& plan) {
  if (const auto known = tasks_.find(&plan); known != tasks_.end()) return known->second;
  const auto maker = std::make_shared<TaskMaker>(
      plan, plugins_, [this](const Cell& cell) -> const Laboratory& { return laboratory_of(cell); });
  std::vector<Task> tasks;
  std::map<std::filesystem::path, std::string> files;  // the label of whose result each is
  for (const Cell& cell : plan.cells) {
    const Laboratory& laboratory = laboratory_of(cell);
    for (const auto& [name, options] : cell.sections) {
      check_random_crops(laboratory.data, options);
      check_best_epoch(laboratory.data, name, options);
    }
    for (const std::string& budget_text : cell.budgets) {
      for (const int64_t seed : cell.seeds) {
        const auto file = result_path(folders_.results, plan.name, cell.label, budget_text, seed);
        const auto [other, is_new] = files.emplace(file, cell.label);
        if (!is_new) {
          fail_usage(cell.budgets_origin, ": two results would be called ", file.string(), ", of the cells '",
                     other->second, "' and '", cell.label,
                     "'; name each budget and seed once, and let labels differ in ", "letters, digits, '.' or '_'");
        }
        if (!name_fits(std::filesystem::path(file).replace_extension(".masks"))) {
          fail_usage(cell.budgets_origin, ": the result's name ", file.filename().string(),
                     " is too long for a file; give the cell a shorter label of its own");
        }
        const Task& task = tasks.emplace_back(maker->make(cell, budget_text, seed));
        for (const Step& step : task.steps) {
          if (step.needs_held_out && laboratory.data.held_out.count() == 0)
            refuse_without_held_out(text("step '", step.name(), "' of cell '", cell.label, "'"));
        }
      }
    }
  }
  return tasks_[&plan] = std::move(tasks);
}

PhaseRecord Runner::run_phase(const Task& task, const PhaseInputs& inputs, const Options& options,
                              const std::function<void(StoredContext&, PhaseRecord&)>& body, StepMaterial step) {
  const std::string where = text(task.cell->label, ", budget ", task.budget_text, ", seed ", task.seed);
  const Laboratory& laboratory = laboratory_of(*task.cell);
  const std::string key = inputs.key();
  const auto run_body = [&](PhaseRecord& record) {
    listener_.phase_started(where, inputs);
    StoredContext context(laboratory, listener_, record, options, static_cast<uint64_t>(task.seed), about(task, inputs),
                          std::move(step));
    if (followed_.empty()) {
      note_environment(environment(device_), record);
      if (inputs.kind != task.teacher_evaluation.kind) call_followers(task, key);
    }
    body(context, record);
    if (world()) world()->end_work("");
    record.finished = utc_now();
  };
  // Found sound once, and claimed: its files are not read again for every task that stands on it.
  if (const auto it = finished_.find(key); it != finished_.end()) return it->second;
  if (!followed_.empty()) return follow_phase(inputs, run_body);
  const auto failed = [&](const Error& error) -> PhaseFailed {
    if (world()) world()->end_work(error.what());
    failed_.emplace(key, error);
    return {error, inputs.kind};
  };
  if (const auto it = failed_.find(key); it != failed_.end()) throw PhaseFailed(it->second, inputs.kind);
  if (choice_.failed_since) {
    const std::string why = store_.failure_since(inputs.kind, key, *choice_.failed_since);
    if (!why.empty()) throw failed(Error(why));
  }
  std::string holder;
  std::optional<PhaseRecord> record;
  try {
    record =
        store_.run(inputs, run_body, holder, [&](const auto& damage) { listener_.message(text("damaged: ", damage)); });
  } catch (const Error& error) {
    if (error.exit() == Exit::interrupted) throw;
    throw failed(error);
  } catch (const std::exception& error) {
    throw failed(Error(error.what()));
  }
  if (!record) throw PhaseElsewhere(text(where, ": ", holder, " runs its ", inputs.kind), inputs.kind, key);
  record->step = inputs.step;
  record->parts = inputs.parts;
  listener_.phase_finished(where, *record);
  finished_.emplace(key, *record).first->second.found_finished = true;
  return *record;
}

// What is not to be run now was finished by the first rank.
PhaseRecord Runner::follow_phase(const PhaseInputs& inputs, const std::function<void(PhaseRecord&)>& body) {
  const std::string key = inputs.key();
  if (key == followed_) {
    PhaseRecord record;
    record.kind = inputs.kind;
    record.version = inputs.version;
    record.key = key;
    record.folder = store_.folder(inputs.kind, key);
    body(record);
    throw Followed();
  }
  std::optional<PhaseRecord> record = store_.find(inputs.kind, key);
  SENET_CHECK(record, "the ", inputs.kind, " that the first rank finished is not under ", folders_.runs.string(),
              " here: all ranks need the same runs folder");
  record->step = inputs.step;
  record->parts = inputs.parts;
  return finished_.emplace(key, *record).first->second;
}

// What a file of weights says of itself, for whoever finds it without its result.
Metadata Runner::about(const Task& task, const PhaseInputs& inputs) const {
  const Options &model = task.cell->section("model"), &dataset = task.cell->section("dataset");
  Metadata about = {{"model", model.text("plugin")},
                    {"model_options", to_json(model).dump()},
                    {"dataset", dataset.text("plugin")},
                    {"dataset_options", pack_options(dataset).dump()},
                    {"phase", inputs.kind},
                    {"seed", std::to_string(task.seed)}};
  if (const Options& student = task.cell->section("student"); !student.items().empty())
    about["student_options"] = to_json(student).dump();
  if (!inputs.any_budget) about["budget"] = std::to_string(task.budget);
  return about;
}

std::shared_ptr<Network> Runner::load(const Laboratory& laboratory, const PhaseRecord& phase) {
  auto network = laboratory.model.build(laboratory.data.input);
  network->to(device_);
  load_network(phase, kNetwork, *network);
  return network;
}

PhaseRecord Runner::run_teacher_phase(const Task& task) {
  return run_phase(task, task.teacher, task.cell->section("teacher"),
                   [&](StoredContext& context, PhaseRecord&) { run_teacher(context); });
}

PhaseRecord Runner::run_evaluation_phase(const Task& task, const PhaseInputs& inputs, const PhaseRecord& network,
                                         const PhaseRecord* before) {
  const bool of_teacher = network.kind == "teacher";
  const auto body = [&](StoredContext& context, PhaseRecord& record) {
    const std::string weights = of_teacher ? task.cell->section("teacher").text("weights") : "";
    record.evaluation = run_evaluation(context, laboratory_of(*task.cell), network, weights, before);
  };
  StepMaterial material;
  material.of_student = !of_teacher;
  return run_phase(task, inputs, Options(), body, material);
}

std::vector<PhaseRecord> Runner::run_method(Task task, const PhaseRecord& teacher_phase, const std::string& up_to) {
  std::shared_ptr<Network> teacher;
  StepMaterial material;
  material.teacher = [&]() -> Network& {
    if (!teacher) teacher = load(laboratory_of(*task.cell), teacher_phase);
    return *teacher;
  };
  material.plugins = &plugins_;
  for (const Step& step : task.steps) material.kinds.insert(step.kind);
  std::map<std::string, PhaseRecord> finished;
  std::vector<PhaseRecord> all;
  for (size_t i = 0; i < task.steps.size(); ++i) {
    const Step step = task.steps[i];
    const bool last = i + 1 == task.steps.size();
    material.seeds = step.seeds;
    material.weight_seeds = step.weight_seeds;
    material.of_student = !step.like_teacher;
    material.budget = step.budget ? std::optional(task.budget) : std::nullopt;
    material.finished.clear();
    material.masks.clear();
    for (const std::string& name : task.before(step)) material.finished.emplace(name, finished.at(name));
    for (const auto& [name, source] : task.sources[step.name()]) {
      if (source.masks.empty()) {
        material.finished.emplace(name, run_source(source));
      } else {
        material.masks[name] = read_masks(source.masks);
      }
    }
    if (claim_) claim_->join({task.phase(step).key()});
    const auto body = [&](StoredContext& context, PhaseRecord&) {
      task.method->run(step, context, last ? std::optional(task.budget) : std::nullopt);
    };
    const PhaseRecord& record = all.emplace_back(run_phase(task, task.phase(step), step.options, body, material));
    finished.emplace(step.name(), record);
    if (record.key == choice_.until || step.name() == up_to) break;
    try {
      if (step.announce) task.announce(i, record.series);
    } catch (const Error& error) {
      throw PhaseFailed(error, step.kind);
    }
  }
  return all;
}

PhaseRecord Runner::run_source(const SourceInUse& source) {
  if (source.task) {
    const PhaseRecord teacher = run_teacher_phase(*source.task);
    run_evaluation_phase(*source.task, source.task->teacher_evaluation, teacher);
    return run_method(*source.task, teacher, source.step).back();
  }
  const std::vector<ResultPhase>& phases = source.result.value().phases;
  const ResultPhase& phase =
      *std::find_if(phases.begin(), phases.end(), [&](const ResultPhase& one) { return one.key == source.key; });
  const auto record = store_.find(phase.kind, phase.key);
  if (!record) {
    const bool of_network = phase.key == source.result->network_phase().key;
    fail_usage("the ", phase.kind, " of ", source.result->file.string(), " is not under ", folders_.runs.string(),
               "; give its folder with --runs", of_network ? ", or its masks alone (.masks)" : "");
  }
  if (claim_) claim_->join({phase.key});
  return *record;
}

std::optional<Result> Runner::run_task(const Plan& plan, const Task& task) {
  if (task.refused) throw PhaseFailed(*task.refused, task.cell->method);
  const Cell& cell = *task.cell;
  const Laboratory& laboratory = laboratory_of(cell);
  const PhaseRecord teacher_phase = run_teacher_phase(task);
  if (teacher_phase.key == choice_.until) return std::nullopt;
  const PhaseRecord teacher_evaluation = run_evaluation_phase(task, task.teacher_evaluation, teacher_phase);
  if (teacher_evaluation.key == choice_.until) return std::nullopt;
  const std::vector<PhaseRecord> method = run_method(task, teacher_phase);
  if (!choice_.until.empty()) return std::nullopt;
  const PhaseRecord evaluation =
      run_evaluation_phase(task, task.evaluation, method.back(), phase_before_finetuning(method));
  const int64_t counted = evaluation.evaluation.value().network.relus;
  SENET_CHECK(counted <= task.budget, "the network of cell '", cell.label, "' evaluates ", counted,
              " ReLUs, more than its budget of ", task.budget);
  const auto network = laboratory.student.build(shape_of(method.back(), laboratory.data.input));
  load_at_width(network_tensors(method.back(), kNetwork), 1, *network);
  Result result = result_of({plan.name, cell, task.budget_text, task.budget, task.seed, laboratory, teacher_phase,
                             teacher_evaluation, method, evaluation},
                            *network);
  result.file = result_path(folders_.results, plan.name, cell.label, task.budget_text, task.seed);
  claim_->join(keys_of(result));
  std::vector<torch::Tensor> masks;
  for (const ReluSite& site : network->sites()) masks.push_back(site.mask());
  save_masks(result, masks);
  write(result);
  return result;
}

// A finished experiment is left byte for byte as it is.
void Runner::write(const Result& result) {
  if (std::filesystem::exists(result.file)) {
    try {
      if (read_file(result.file) == readable(to_json(result)) + "\n") return;
      load_result(result.file);
    } catch (const Error& error) {
      listener_.message(text("replacing a damaged result: ", error.what()));
    }
  }
  save_result(result);
}

ImportedTeacher Runner::import_teacher(const Plan& plan) {
  const Task task = tasks(plan).front();
  // No experiment can have this name, so that none takes the claim back.
  Claim(folders_.runs, "(import)", folders_.results).join({task.teacher.key(), task.teacher_evaluation.key()});
  try {
    const PhaseRecord teacher = run_teacher_phase(task);
    return {teacher, run_evaluation_phase(task, task.teacher_evaluation, teacher).evaluation.value().network};
  } catch (const PhaseElsewhere& phase) {
    fail(phase.what());
  }
}

RunOutcome Runner::run(const Plan& plan, const RunChoice& choice) {
  choice_ = choice;
  std::vector<Task> all = tasks(plan);
  if (choice.wanted)
    all.erase(std::remove_if(all.begin(), all.end(), [&](const Task& task) { return !choice.wanted(task); }),
              all.end());
  std::set<std::string> keys;
  for (const Task& task : all) {
    check_writable(result_path(folders_.results, plan.name, task.cell->label, task.budget_text, task.seed));
    for (const PhaseInputs* phase : task.in_order()) keys.insert(phase->key());
  }
  claim_.emplace(folders_.runs, plan.name, folders_.results);
  claim_->join(keys);
  std::vector<bool> ended(all.size());
  std::vector<std::optional<Result>> done(all.size());
  std::vector<std::optional<RunFailure>> failed(all.size());
  std::vector<std::optional<PhaseElsewhere>> awaited(all.size());
  // What another process runs now is left for later: parallel processes share the cells among them.
  std::string told;
  for (size_t left = all.size(); left > 0;) {
    const size_t before = left;
    std::string elsewhere;
    for (size_t i = 0; i < all.size(); ++i) {
      if (ended[i]) continue;
      if (awaited[i] && store_.state(awaited[i]->kind, awaited[i]->key) == PhaseStore::State::running) {
        if (elsewhere.empty()) elsewhere = awaited[i]->what();
        continue;
      }
      const auto fail_with = [&](const std::string& phase, const Error& error) {
        failed[i] = {all[i].cell->label, all[i].budget_text, all[i].seed, phase, error.what(), error.exit()};
        listener_.message(failed[i]->description());
        ended[i] = true;
        --left;
      };
      try {
        done[i] = run_task(plan, all[i]);
        ended[i] = true;
        --left;
      } catch (const PhaseElsewhere& phase) {
        if (elsewhere.empty()) elsewhere = phase.what();
        awaited[i].emplace(phase);
      } catch (const PhaseFailed& phase) {
        fail_with(phase.phase, phase);
      } catch (const Error& error) {
        if (error.exit() == Exit::interrupted) throw;
        fail_with("result", error);
      } catch (const std::exception& error) {
        fail_with("result", Error(error.what()));
      }
    }
    if (left == 0 || left < before) continue;
    if (!choice.wait) break;
    if (elsewhere != told) listener_.message("waiting: " + elsewhere);
    told = elsewhere;
    if (listener_.stop_requested()) throw Error("stopped while waiting for another process", Exit::interrupted);
    std::this_thread::sleep_for(kWait);
  }
  RunOutcome outcome;
  for (size_t i = 0; i < all.size(); ++i) {
    if (done[i]) outcome.results.push_back(std::move(*done[i]));
    if (failed[i]) outcome.failures.push_back(std::move(*failed[i]));
    if (!ended[i]) outcome.elsewhere.emplace_back(awaited[i]->what());
  }
  if (outcome.failures.empty() && outcome.elsewhere.empty() && !choice.wanted) claim_->replace();
  claim_.reset();
  return outcome;
}

void Runner::follow(const Plan& plan) {
  const std::vector<Task>& all = tasks(plan);
  // The first rank has met the same error, or else loses this one.
  std::string error_here;
  for (;;) {
    std::string called;
    try {
      called = world()->of_first("");
    } catch (const Error& lost) {
      if (error_here.empty()) throw;
      fail("rank ", world()->rank(), ": ", error_here);
    }
    if (called.empty()) return;
    const Json call = parse_json(called, "the first rank's call");
    const auto task = std::find_if(all.begin(), all.end(), [&](const Task& one) {
      return one.cell->label == call.at("cell") && one.budget_text == call.at("budget") && one.seed == call.at("seed");
    });
    SENET_CHECK(task != all.end(), "the first rank runs a cell that this one does not know: ", called);
    followed_ = call.at("key").get<std::string>();
    error_here.clear();
    try {
      world()->begin_work();
      run_task(plan, *task);
    } catch (const Followed&) {
    } catch (const std::exception& error) {
      error_here = error.what();
      world()->end_work(error_here);
    }
  }
}

void Runner::dismiss_followers() {
  if (world()) world()->of_first("");
}

}  // namespace senet
