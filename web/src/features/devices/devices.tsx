/** One's own devices and passkeys: what can read, and what signs in. */
import { MonitorSmartphone } from "lucide-react";
import { useState } from "react";
import { useAsked } from "../../app/asked";
import { useDoing, useHere, useTools } from "../../app/here";
import { Page, Row, Rows, Section } from "../../app/page";
import { Refused } from "../../app/refused";
import type { Device } from "../../client/api";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { toast } from "../../ui/toast";
import { Skeleton } from "../../ui/waiting";
import { useForms, useWords } from "../../words/words";
import { Passkeys } from "./passkeys";

export function DevicesPage() {
  const words = useWords();
  const forms = useForms();
  const { client } = useTools();
  const { me } = useHere();
  const asked = useAsked(client, "devices");
  const [revoking, setRevoking] = useState<Device | null>(null);
  const { isBusy, refusal, run } = useDoing();
  const active = asked.value?.filter((each) => each.isActive) ?? [];
  const revoked = asked.value?.filter((each) => !each.isActive) ?? [];
  const name = (device: Device) => words.person.device(device.id.slice(0, 4).toUpperCase());
  const added = (device: Device) =>
    device.addedAtMs !== null && words.devices.added(forms.date(device.addedAtMs));
  const revoke = (device: Device) =>
    run(async () => {
      await client.revoke(device.id);
      toast(words.devices.revoked);
      setRevoking(null);
    });
  return (
    <Page title={words.devices.title} intro={words.devices.intro}>
      <Refused refusal={asked.refusal} onAgain={asked.again} />
      {!asked.value && !asked.refusal && <Skeleton label={words.loading} />}
      <Rows>
        {active.map((device) => (
          <Row
            key={device.id}
            icon={<MonitorSmartphone size={20} aria-hidden />}
            title={
              <>
                {name(device)}
                {device.isThis && <Badge tone="accent">{words.devices.this}</Badge>}
              </>
            }
            more={added(device)}
            end={
              !device.isThis && <Button onPress={() => setRevoking(device)}>{words.devices.revoke}</Button>
            }
          />
        ))}
      </Rows>
      <Section title={words.devices.custody} more={words.devices.custodies[me.custody]}>
        {null}
      </Section>
      <Passkeys />
      <Section title={words.devices.another} more={words.devices.anotherWords}>
        {null}
      </Section>
      {revoked.length > 0 && (
        <Section title={words.devices.shutOut}>
          <Rows>
            {revoked.map((device) => (
              <Row key={device.id} title={name(device)} more={added(device)} />
            ))}
          </Rows>
        </Section>
      )}
      {revoking && (
        <Dialog
          title={words.devices.revokeTitle}
          close={words.close}
          isOpen
          onClose={() => setRevoking(null)}
          isAlert
          actions={
            <>
              <Button onPress={() => setRevoking(null)}>{words.cancel}</Button>
              <Button weight="danger" isBusy={isBusy} onPress={() => revoke(revoking)}>
                {words.devices.revoke}
              </Button>
            </>
          }
        >
          <p>
            <strong>{name(revoking)}</strong>
          </p>
          <p>{words.devices.revokeWords}</p>
          <Refused refusal={refusal} />
        </Dialog>
      )}
    </Page>
  );
}
