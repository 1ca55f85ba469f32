/** A value as it stands in a JSON message. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [field: string]: Json };

/** A value that the controller keeps: how it is asked for, and how it is set. */
export interface Register {
  /** Query and the key that names its reply. */
  readonly get: string | null;
  readonly style: "state" | "command";
  readonly name: string;
  readonly field: string;
  readonly initial: Json;
  /** Setter, the field it carries, the boolean of its reply; a per-joint setter carries [joint, value]. */
  readonly set: string | null;
  readonly carries: string;
  readonly confirms: string;
  readonly perJoint: boolean;
}

function register(
  read: readonly [get: string, style: "state" | "command", name: string] | null,
  field: string,
  initial: Json,
  write: readonly [set: string, carries: string, confirms: string] | null = null,
  perJoint = false,
): Register {
  const [get, style, name] = read ?? [null, "command" as const, ""];
  const [set, carries, confirms] = write ?? [null, "", ""];
  return { get, style, name, field, initial, set, carries, confirms, perJoint };
}

function command(name: string): readonly [string, "command", string] {
  return [name, "command", name];
}

const seven = (value: Json): Json => [value, value, value, value, value, value, value];

/** Soft limits in 0.001 degrees and 0.001 RPM (= 6e-3 deg/s) as an RM75-B reports them. */
const minimum: Json = [-178_000, -130_000, -178_000, -135_000, -178_000, -128_000, -360_000];
const maximum: Json = [178_000, 130_000, 178_000, 135_000, 178_000, 128_000, 360_000];
const speed: Json = [30_000, 30_000, 37_500, 37_500, 37_500, 37_500, 37_500];

/** What the controller keeps, in the vendor's names; shapes from the recorded samples in test/fixtures/realman. */
export const REGISTERS: readonly Register[] = [
  register(
    ["get_joint_min_pos", "state", "joint_min_pos"],
    "min_pos",
    minimum,
    ["set_joint_min_pos", "joint_min_pos", "joint_min_pos"],
    true,
  ),
  register(
    ["get_joint_max_pos", "state", "joint_max_pos"],
    "max_pos",
    maximum,
    ["set_joint_max_pos", "joint_max_pos", "joint_max_pos"],
    true,
  ),
  register(
    ["get_joint_max_speed", "state", "joint_max_speed"],
    "joint_speed",
    speed,
    ["set_joint_max_speed", "joint_max_speed", "joint_max_speed"],
    true,
  ),
  register(
    ["get_joint_max_acc", "state", "joint_max_acc"],
    "joint_acc",
    seven(100_000),
    ["set_joint_max_acc", "joint_max_acc", "joint_max_acc"],
    true,
  ),
  register(
    command("get_joint_drive_min_pos"),
    "min_pos",
    minimum,
    ["set_joint_drive_min_pos", "joint_min_pos", "joint_min_pos"],
    true,
  ),
  register(
    command("get_joint_drive_max_pos"),
    "max_pos",
    maximum,
    ["set_joint_drive_max_pos", "joint_max_pos", "joint_max_pos"],
    true,
  ),
  register(
    command("get_joint_drive_max_speed"),
    "joint_speed",
    speed,
    ["set_joint_drive_max_speed", "joint_max_speed", "joint_max_speed"],
    true,
  ),
  register(
    command("get_joint_drive_max_acc"),
    "joint_acc",
    seven(100_000),
    ["set_joint_drive_max_acc", "joint_max_acc", "joint_max_acc"],
    true,
  ),
  register(["get_arm_max_line_speed", "state", "arm_max_line_speed"], "arm_line_speed", 250, [
    "set_arm_max_line_speed",
    "arm_line_speed",
    "arm_line_speed",
  ]),
  register(["get_arm_max_line_acc", "state", "arm_max_line_acc"], "arm_line_acc", 1600, [
    "set_arm_max_line_acc",
    "arm_line_acc",
    "arm_line_acc",
  ]),
  register(["get_arm_max_angular_speed", "state", "arm_max_angular_speed"], "arm_angular_speed", 600, [
    "set_arm_max_angular_speed",
    "arm_angular_speed",
    "arm_angular_speed",
  ]),
  register(["get_arm_max_angular_acc", "state", "arm_max_angular_acc"], "arm_angular_acc", 4000, [
    "set_arm_max_angular_acc",
    "arm_angular_acc",
    "arm_angular_acc",
  ]),
  register(["get_collision_stage", "state", "get_collision_stage"], "collision_stage", 4, [
    "set_collision_stage",
    "collision_stage",
    "collision_state",
  ]),
  register(["get_install_pose", "state", "install_pose"], "pose", [0, 0, 0], ["set_install_pose", "pose", "set_state"]),
  register(["get_init_pose", "state", "arm_init_pose"], "init_pose", seven(0), [
    "set_init_pose",
    "init_pose",
    "init_pose",
  ]),
  register(command("get_arm_run_mode"), "mode", 1, ["set_arm_run_mode", "mode", "mode"]),
  register(["get_arm_power_state", "state", "arm_power_state"], "power_state", 1, [
    "set_arm_power",
    "arm_power",
    "arm_power",
  ]),
  register(["get_tool_voltage", "state", "tool_voltage_state"], "voltage_type", 3, [
    "set_tool_voltage",
    "voltage_type",
    "state",
  ]),
  register(["get_voltage", "command", "voltage_state"], "voltage_type", 3, ["set_voltage", "voltage_type", "state"]),
  register(command("get_teach_frame"), "frame_type", 0, ["set_teach_frame", "frame_type", "set_state"]),
  register(command("get_drag_teach_sensitivity"), "grade", 100, ["set_drag_teach_sensitivity", "grade", "set_state"]),
  register(command("get_collision_detection"), "mode", 0, ["set_collision_detection", "mode", "set_state"]),
  register(command("get_collision_remove_enable"), "enable_state", false, [
    "set_collision_remove_enable",
    "enable_state",
    "set_state",
  ]),
  register(command("get_avoid_singularity_mode"), "mode", 0, ["set_avoid_singularity_mode", "mode", "set_state"]),
  register(command("get_self_collision_enable"), "enable_state", false, [
    "set_self_collision_enable",
    "set_enable",
    "set_state",
  ]),
  register(command("get_rm_plus_mode"), "mode", 0, ["set_rm_plus_mode", "mode", "set_state"]),
  register(command("get_webserver_enabled"), "enabled", 1, ["set_webserver_enabled", "enabled", "set_state"]),
  register(command("get_joint_odom"), "odom", [120_500, 99_000, 43_000, 210_000, 15_000, 78_000, 900]),
  register(["get_joint_software_version", "state", "joint_software_version"], "version", seven(531)),
  register(["get_tool_software_version", "state", "tool_software_version"], "version", 531),
];

/** Replies that never change: equipment that the virtual arm does not model. */
export const CONSTANT_REPLIES: { readonly [query: string]: { readonly [field: string]: Json } } = {
  get_IO_input: { state: "IO_input_state", DI: [1, 0, 0, 0], AI: [0, 0, 0, 0] },
  get_IO_output: { state: "IO_output_state", DO: [0, 0, 0, 0], AO: [0, 0, 0, 0] },
  get_IO_state: { state: "IO_state", IO_Num: 1, IO_Mode: 0, IO_state: 1 },
  get_tool_IO_state: { state: "tool_IO_state", IO_Mode: [0, 1], IO_State: [0, 1] },
  get_wired_net: {
    command: "get_wired_net",
    ip: "192.168.1.18",
    mask: "255.255.255.0",
    gw: "192.168.1.1",
    mac: "02:00:00:00:00:18",
  },
  get_controller_RS485_mode: { command: "get_controller_RS485_mode", controller_RS485_mode: 0, baudrate: 460_800 },
  get_tool_RS485_mode: { command: "get_tool_RS485_mode", tool_RS485_mode: 1, baudrate: 115_200, modbus_timeout: 2 },
  get_force_data: {
    command: "get_force_data",
    force_data: [0, 0, 0, 0, 0, 0],
    zero_force_data: [0, 0, 0, 0, 0, 0],
    work_zero_force_data: [0, 0, 0, 0, 0, 0],
    tool_zero_force_data: [0, 0, 0, 0, 0, 0],
  },
  get_rm_plus_state_info: {
    command: "get_rm_plus_state_info",
    state_info: {
      sys_state: 0,
      dof_state: [0, 0, 0, 0, 0, 0],
      dof_err: [0, 0, 0, 0, 0, 0],
      pos: [0, 0, 0, 0, 0, 0],
      speed: [0, 0, 0, 0, 0, 0],
      angle: [0, 0, 0, 0, 0, 0],
      current: [0, 0, 0, 0, 0, 0],
      normal_force: [0, 0, 0, 0, 0, 0],
      tangential_force: [0, 0, 0, 0, 0, 0],
      tangential_force_dir: [0, 0, 0, 0, 0, 0],
      tsa: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      tma: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      touch_data: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      force: [0, 0, 0, 0, 0, 0],
    },
  },
  get_arm_software_version: {
    state: "arm_software_version",
    Product_version: "RM75-B",
    Plan_version: 7_013_891,
    Ctrl_version: 7_014_147,
    "Real-time_Kernal1": 515,
    "Real-time_Kernal2": 515,
    ctrlM4_build_info: "202212282001",
    ctrlM7_build_info: "202212282001",
    Plan_build_info: "202212282001",
  },
  read_multiple_holding_registers: { command: "read_multiple_holding_registers", data: [2, 0, 0, 1] },
  get_controller_rs485_mode: { command: "get_controller_rs485_mode", controller_rs485_mode: 0, baudrate: 460_800 },
  get_tool_rs485_mode: { command: "get_tool_rs485_mode", tool_rs485_mode: 0, baudrate: 115_200 },
  read_modbus_rtu_holding_registers: { command: "read_modbus_rtu_holding_registers", data: [0, 0] },
  get_rm_plus_reg: { command: "get_rm_plus_reg", plus_reg_data: [0, 0] },
  get_flowchart_program_run_state: {
    command: "get_flowchart_program_run_state",
    run_state: 0,
    id: 0,
    name: "none",
    plan_speed: 20,
    step_mode: 0,
    modal_id: "none",
  },
  read_coils: { command: "read_coils", data: 1 },
};

/** Setters that are confirmed and otherwise without effect, and the boolean that confirms them. */
export const CONFIRMED: { readonly [command: string]: string } = {
  Start_Force_Position_Move: "set_state",
  Stop_Force_Position_Move: "set_state",
  add_electronic_fence_config: "add_config",
  close_modbus_mode: "set_state",
  save_device_info_all: "model",
  set_DO_state: "set_state",
  set_IO_mode: "set_state",
  set_NetIP: "status",
  set_arm_init: "arm_init",
  set_controller_rs485_mode: "set_state",
  set_electronic_fence_enable: "set_state",
  set_gripper_route: "state",
  set_hand_angle: "set_state",
  set_hand_force: "set_state",
  set_hand_posture: "set_state",
  set_hand_speed: "set_state",
  set_high_speed_eth: "set_state",
  set_joint_zero_pos: "joint_zero_pos",
  set_modbus_mode: "set_state",
  set_movev_canfd_init: "movev_canfd_init_state",
  set_ort_teach: "ort_teach",
  set_pos_teach: "pos_teach",
  set_rm_plus_reg: "set_state",
  set_rm_plus_touch: "set_state",
  set_tool_DO_state: "set_state",
  set_tool_IO_mode: "set_state",
  set_tool_rs485_mode: "set_state",
  set_virtual_wall_enable: "set_state",
  start_drag_teach: "drag_teach",
  stop_drag_teach: "drag_teach",
  write_registers: "write_state",
  write_single_coil: "write_state",
  write_single_register: "write_state",
};

/** Commands that a real controller executes without a word. */
export const SILENT: ReadonlySet<string> = new Set(["set_RS485", "set_usb", "hand_follow_angle", "hand_follow_pos"]);
