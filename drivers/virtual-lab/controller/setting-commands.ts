import { isIntegerIn, isIntegerList, type JsonObject } from "../../rm75/json-object.js";
import { type Caller, type Command, type Execution, jointAndValue } from "./execution.js";
import { REGISTERS } from "./registers.js";

/** Commands that change something the controller keeps, and those of the gripper. */
export const SETTING_COMMANDS: { readonly [name: string]: Command } = {
  clear_system_err: (run, _request, caller) => {
    run.state.motion.systemErrors.clear();
    caller.send({ command: "clear_system_err", clear_state: true });
  },
  set_joint_clear_err: (run, { joint_clear_err: joint }, caller) => {
    const known = isIntegerIn(joint, 1, 7);
    if (known) {
      run.state.motion.jointErrors[joint - 1] = 0;
    }
    caller.send({ command: "set_joint_clear_err", joint_clear_err: known });
  },
  set_joint_en_state: (run, request, caller) => {
    const [joint, enabled] = jointAndValue(request.joint_en_state);
    const known = isIntegerIn(joint, 1, 7);
    if (known) {
      run.state.motion.enabled[joint - 1] = enabled === 1;
    }
    caller.send({ command: "set_joint_en_state", joint_en_state: known });
  },
  auto_set_joint_limit: (run, _request, caller) => {
    for (const query of ["get_joint_min_pos", "get_joint_max_pos"]) {
      const factory = REGISTERS.find(({ get }) => get === query);
      run.state.registers.set(query, factory?.initial ?? 0);
    }
    caller.send({ command: "auto_set_joint_limit", limit_mode: true });
  },
  set_realtime_push: (run, request, caller) => {
    caller.send({ command: "set_realtime_push", state: run.state.configurePush(request) });
  },
  set_gripper_position: (run, request, caller) => grip(run, request, caller, request.position, 1000),
  set_gripper_release: (run, request, caller) => grip(run, request, caller, 1000, 1000),
  set_gripper_pick: (run, request, caller) => grip(run, request, caller, 1, request.force),
  set_gripper_pick_on: (run, request, caller) => grip(run, request, caller, 1, request.force),
  set_manual_tool_frame: frameSetter("toolFrames", "tool_name", "tool_pose", "manual_tool_frame"),
  update_tool_frame: frameSetter("toolFrames", "tool_name", "tool_pose", "update_state"),
  set_manual_work_frame: frameSetter("workFrames", "frame_name", "frame_pose", "manual_work_frame"),
  update_work_frame: frameSetter("workFrames", "frame_name", "frame_pose", "update_state"),
  set_change_tool_frame: (run, { tool_name: name }, caller) => {
    const known = run.state.toolFrames.has(String(name));
    run.state.toolFrame = known ? String(name) : run.state.toolFrame;
    caller.send({ command: "set_change_tool_frame", change_tool_frame: known });
  },
  set_change_work_frame: (run, { frame_name: name }, caller) => {
    run.state.workFrame = String(name);
    caller.send({ command: "set_change_work_frame", change_work_frame: true });
  },
  set_delete_tool_frame: (run, { tool_name: name }, caller) => {
    run.state.toolFrames.delete(String(name));
    caller.send({ command: "set_delete_tool_frame", delete_tool_frame: true });
  },
  set_delete_work_frame: (run, { frame_name: name }, caller) => {
    run.state.workFrames.delete(String(name));
    caller.send({ command: "set_delete_work_frame", delete_work_frame: true });
  },
};

function grip(run: Execution, request: JsonObject, caller: Caller, position: unknown, force: unknown): void {
  const accepted = isIntegerIn(position, 1, 1000) && isIntegerIn(force, 50, 1000);
  caller.send({ command: "set_gripper", state: accepted });
  if (accepted) {
    run.state.commandGripper(position, force, () => {
      if (request.block === true) {
        caller.send({ state: "current_trajectory_state", trajectory_state: true, device: 1, trajectory_connect: 0 });
      }
    });
  }
}

function frameSetter(
  frames: "toolFrames" | "workFrames",
  nameField: string,
  poseField: string,
  confirms: string,
): Command {
  return (run, request, caller) => {
    const { payload = 0, position = [0, 0, 0] } = request;
    const pose = request[poseField];
    // The vendor's limits: names of ten characters, 5 kg.
    const accepted =
      isIntegerList(pose, 6, -1e7, 1e7) &&
      isIntegerIn(payload, 0, 5000) &&
      isIntegerList(position, 3, -1e7, 1e7) &&
      String(request[nameField]).length <= 10;
    if (accepted) {
      run.state[frames].set(
        String(request[nameField]),
        frames === "toolFrames" ? { pose, payload, position } : { pose },
      );
    }
    caller.send({ command: String(request.command), [confirms]: accepted });
  };
}
