//! Files as other systems lay them out, each by the mapping under `examples/layouts`.

use std::fs;
use std::path::Path;

use super::fixture::{World, files_below};
use reference::Geography;

/// Somebody's number who was called: no file of an instance may ever hold it.
const CALLED: &str = "447700900999";

/// A world with the mapping of a layout and one file in it.
fn world(layout: &str, header: &str, rows: &[String]) -> World {
    let world = World::with_one_of_each();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/layouts");
    let mapping = world.instance.mapping_dir().join(format!("{layout}.toml"));
    fs::copy(path.join(format!("{layout}.toml")), mapping).unwrap();
    world.write(&format!("{layout}/2026-10-02.csv"), header, rows);
    world
}

/// Rows of one person at noon UTC on the second of October, as `layout` writes them.
fn check_events(layout: &str, header: &str, row: &str) {
    let world = world(layout, header, &[row.replace("CALLED", CALLED)]);
    let report = world.ingest().unwrap();
    assert_eq!(report.rows["events"].kept, 1, "{layout}");
    let presence = world.presence();
    assert_eq!((presence[0].0.as_str(), presence[0].3), ("2026-10-02", 13), "{layout}");
    for file in files_below(&world.instance.root) {
        let bytes = fs::read(&file).unwrap();
        let found = |id: &str| bytes.windows(id.len()).any(|it| it == id.as_bytes());
        assert!(!found(CALLED) && !found("test-000001"), "{layout}: {}", file.display());
    }
}

#[test]
fn events_of_other_systems_are_read() {
    check_events(
        "flowkit",
        "id,outgoing,datetime,duration,network,msisdn,msisdn_counterpart,location_id,imsi,imei,tac,\
         operator_code,country_code",
        "7,true,2026-10-02 12:00:00+00,3.5,N,test-000001,CALLED,north-1,1,2,3,1,234",
    );
    check_events(
        "cider",
        "txn_type,caller_id,recipient_id,timestamp,duration,caller_antenna,recipient_antenna,international",
        "call,test-000001,CALLED,2026-10-02 12:00:00,60,north-1,south-1,domestic",
    );
    check_events(
        "world_bank",
        "msisdn,call_datetime,location_id",
        "test-000001,2026-10-02T12:00:00Z,north-1",
    );
    check_events(
        "bandicoot",
        "user_id,interaction,direction,correspondent_id,datetime,call_duration,antenna_id",
        "test-000001,call,out,CALLED,2026-10-02 12:00:00,60,north-1",
    );
}

#[test]
fn topologies_of_other_systems_are_read() {
    let place = &Geography::built_in().sectors[0];
    let (lat, lon) = (place.lat, place.lon);
    let full = "cell_id,latitude,longitude,altitude,antenna_height,directionality,azimuth_angle,elevation_angle,\
                horizontal_beam_width,vertical_beam_width,power,range,frequency,technology,valid_date_start,\
                valid_date_end,cell_type";
    let row = format!(
        "c1,{lat},{lon},20,30,1,120,3,65,9,10,5000,1800,4G,2026-01-01,2026-12-31,macrocell"
    );
    let open = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal";
    let listed = format!("LTE,234,15,1,1234567,0,{lon},{lat},1000,7,1,1459692342,1488347104,0");
    for (layout, header, row) in [("multimno", full, row), ("opencellid", open, listed)] {
        let report = world(layout, header, &[row]).ingest().unwrap();
        assert_eq!(report.rows["cells"].kept, 2, "{layout}");
    }
}
